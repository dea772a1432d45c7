import WebIOHTTP

/// `startServer`'s parameters in one value.
struct ServerOptions: Sendable {
  var host: String
  var port: Int
  var debug: Bool
  var staticDirectory: String?
  var theme: String
  var tls: TransportSecurity?
  var remoteAccess: RemoteAccess?
  var reconnectTimeout: Duration
  var allowedOrigins: [String]
  var checkOrigin: (@Sendable (String) -> Bool)?
  var autoOpenBrowser: Bool
  /// Bytes.
  var maxPayloadSize: Int
  var http = HTTPServerOptions()
  var transport = Transport.auto
  var sessions = SessionLimits()
  /// Of a program without `startServer`: the one session that there is.
  var script: Script?
}
