import WebIOPosix

/// What `webio dev` and the gateway tell an app through its environment.
struct DevMode: Sendable {
  /// A listening unix socket that the app inherits; the gateway speaks to it.
  let listener: Int32
  /// Where the app writes that it serves: `ready`, or with a port of its own `ready 8080`.
  let readiness: Int32
  /// Marks requests of the developer's own browser, and opens the page's dev socket.
  let token: String
  let generation: Int
  /// The socket for ``JournalChannel``; nil when sessions are not to be replayed.
  let journal: Int32?
  /// Its token's field marks visitors from a tunnel.
  static let publicField = "Webio-Public"

  /// Set by `webio serve --metrics`, which asks with it in this field.
  static let metricsToken = Environment["WEBIO_METRICS_TOKEN"]
  static let metricsField = "Webio-Metrics"

  /// Names this run of webio, and does not tell its token: 64 bits of 256.
  var run: String {
    var hash = ContentHash()
    hash.add(Array(token.utf8))
    return hash.text
  }

  /// Nil when the app was started by itself.
  static let current: DevMode? = {
    guard let listener = descriptor("WEBIO_LISTEN_FD"), let readiness = descriptor("WEBIO_READY_FD") else { return nil }
    return DevMode(
      listener: listener, readiness: readiness, token: Environment["WEBIO_DEV_TOKEN"] ?? "",
      generation: Environment["WEBIO_GENERATION"].flatMap { Int($0) } ?? 0, journal: descriptor("WEBIO_JOURNAL_FD"))
  }()

  private static func descriptor(_ name: String) -> Int32? { Environment[name].flatMap { Int32($0) } }
}
