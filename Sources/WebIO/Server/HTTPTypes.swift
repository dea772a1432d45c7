import WebIOHTTP

// What `startServer` and `AppHandler` take, so that an app imports WebIO only.

/// A size in bytes: `200`, `"40K"`, `"1.5M"`.
public typealias ByteCount = WebIOHTTP.ByteCount
/// How the server behaves.
public typealias HTTPServerOptions = WebIOHTTP.HTTPServerOptions
/// Every limit and deadline of the server.
public typealias HTTPLimits = WebIOHTTP.HTTPLimits
/// Where the access log goes, and how its lines look.
public typealias AccessLog = WebIOHTTP.AccessLog
/// A WebSocket's messages, both ways: what ``AppResponse/webSocket`` is.
public typealias WebSocket = WebIOHTTP.WebSocket
