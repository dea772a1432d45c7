/// How an HTTP server behaves: what `WebServer` and `startServer` take beside what they serve.
///
///     var options = HTTPServerOptions()
///     options.limits.connections = 500
///     options.limits.idle = .seconds(5)
///     options.accessLog = try AccessLog()
///
/// The parameters of eventlet's `wsgi.server` are here and in ``HTTPLimits``.
public struct HTTPServerOptions: Sendable {
  public var limits = HTTPLimits()
  /// Nil: none is written.
  public var accessLog: AccessLog?
  /// 0 makes it an HTTP/1.0 server: no chunks, no keep-alive unless asked for.
  public var maximumMinorVersion = 1
  /// `sOMe-WEirD` is sent as `Some-Weird`.
  public var capitalizesNames = false
  /// Smaller writes of a chunked body wait for others, until the answer is finished. In bytes.
  public var minimumChunkSize = 0
  /// WebSockets keep their compression windows from message to message, where the client wants it: smaller messages,
  /// for about 300 KB a connection.
  public var webSocketContextTakeover = false
  /// Where the handler's closures and task functions run; nil is a pool with a thread for each core. What blocks there holds up
  /// others.
  public var executor: (any TaskExecutor)?
  /// What `HTTPExchange.compresses` starts with.
  package var compresses = false

  public init() {}
}
