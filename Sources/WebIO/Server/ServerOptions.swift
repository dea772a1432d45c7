import WebIOHTTP
import WebIOPosix

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
  var config = PageConfig()
  /// Where the page's assets are, with a slash at its end; nil is here.
  var cdn: String?
  /// What the path of every request begins with, without a slash at its end: `""`, `/tools`.
  var prefix = ""
  /// What the ids of sessions begin with: `""`, or an instance's name and a dot.
  var sessionPrefix = ""
  /// Of a program without `startServer`: the one session that there is.
  var script: Script?
  var metrics: MetricsAddress?
  /// The gateway of `webio dev` and `webio serve` tells who has come.
  var trustedProxies = TrustedProxies(addresses: DevMode.current == nil ? [] : ["unix"])
  var drain = Duration.zero
  var drainNotice = Duration.zero
}

extension ServerOptions {
  /// What concerns the apps and not the sockets, checked. Throws ``WebIOError/invalidArgument(_:)``.
  init(
    debug: Bool, staticDirectory: String?, theme: String, reconnectTimeout: Duration?, allowedOrigins: [String],
    checkOrigin: (@Sendable (String) -> Bool)?, maxPayloadSize: ByteCount?, http: HTTPServerOptions, transport: Transport,
    limits: ServerLimits, trustedProxies: [String], config: PageConfig, cdn: String?, prefix: String
  ) throws {
    if let maxPayloadSize, maxPayloadSize.bytes == nil {
      throw WebIOError.invalidArgument("maxPayloadSize: \(InvalidByteCount(text: maxPayloadSize.description))")
    }
    try limits.validate()
    for pattern in allowedOrigins { try Glob.validate(pattern) }
    try TrustedProxies(addresses: trustedProxies).validate()
    try config.validate()
    var http = http
    guard http.limits == HTTPLimits() || limits.http == HTTPLimits() || http.limits == limits.http else {
      throw WebIOError.invalidArgument("limits.http and http.limits differ. Set one of them.")
    }
    if http.limits == HTTPLimits() { http.limits = limits.http }
    self.init(
      host: "", port: 0, debug: debug, staticDirectory: staticDirectory, theme: theme, tls: nil, remoteAccess: nil,
      reconnectTimeout: try Self.reconnectTimeout ?? reconnectTimeout ?? limits.reconnect, allowedOrigins: allowedOrigins,
      checkOrigin: checkOrigin,
      autoOpenBrowser: false, maxPayloadSize: (maxPayloadSize ?? limits.payload).bytes ?? 0, http: http, transport: transport,
      sessions: limits.sessions, config: config, cdn: try cdn.map { try Self.assetBase($0) }, prefix: try Self.prefix(prefix),
      sessionPrefix: try InstanceName.prefix())
    drain = limits.drain
    drainNotice = limits.drainNotice
    self.trustedProxies = TrustedProxies(addresses: self.trustedProxies.addresses + trustedProxies)
  }

  /// `/tools/` is `/tools`, and `/` is nothing. Throws ``WebIOError/invalidArgument(_:)``.
  static func prefix(_ text: String) throws -> String {
    var bytes = Array(text.utf8)
    while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    let isPath = bytes.isEmpty || bytes.first == UInt8(ascii: "/")
    let isPlain = bytes.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "/-_.~%".utf8.contains($0) }
    guard isPath, isPlain else {
      throw WebIOError.invalidArgument("prefix: \"\(text)\" is no path. Write it as \"/tools\".")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// From `WEBIO_RECONNECT`, in seconds: `30`, `0.5`. Throws ``WebIOError/invalidArgument(_:)``.
  static var reconnectTimeout: Duration? {
    get throws {
      guard let text = Environment["WEBIO_RECONNECT"] else { return nil }
      let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        .map { String(decoding: Array($0), as: UTF8.self) }
      let fraction = parts.count > 1 ? parts[1] : "0"
      guard let seconds = ASCII.decimal(parts[0]), seconds <= 86_400, fraction.utf8.count <= 3,
        let part = ASCII.decimal(fraction + String(repeating: "0", count: 3 - min(3, fraction.utf8.count)))
      else { throw WebIOError.invalidArgument("WEBIO_RECONNECT: \"\(text)\" is no number of seconds. Write 30, or 0.5.") }
      return .milliseconds(seconds * 1_000 + part)
    }
  }

  /// With a slash at its end. Throws ``WebIOError/invalidArgument(_:)``.
  static func assetBase(_ text: String) throws -> String {
    let isURL = ["https://", "http://", "/"].contains { text.utf8.starts(with: $0.utf8) }
    guard isURL, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"\"'<>;,".utf8.contains($0) }) else {
      throw WebIOError.invalidArgument("cdn: \"\(text)\" is no URL. Write it as \"https://cdn.example/webio/\".")
    }
    return text.utf8.last == UInt8(ascii: "/") ? text : text + "/"
  }
}
