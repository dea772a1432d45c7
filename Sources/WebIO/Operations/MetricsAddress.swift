import WebIOHTTP
import WebIOPosix

/// Where a server tells its metrics: a listener of its own, which no gateway and no tunnel leads to.
///
///     try await startServer(main, metrics: 9464)                            // this machine only
///     try await startServer(main, metrics: MetricsAddress(host: "10.0.0.7", port: 9464))
///
/// `GET /metrics` answers in Prometheus' text format, version 0.0.4. `webio run --metrics` sets it from outside,
/// and `webio serve --metrics` tells those of all its apps.
public struct MetricsAddress: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// `localhost`, a numeric address, `""` for every network, or `unix:` and a path.
  public var host: String
  public var port: Int

  public init(host: String = "localhost", port: Int) {
    self.host = host
    self.port = port
  }

  public init(integerLiteral port: Int) { self.init(port: port) }

  /// As `init(_:)` reads it.
  var text: String { "\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(port)" }

  /// Throws ``WebIOError/invalidArgument(_:)``.
  init(checking text: String) throws {
    guard let address = MetricsAddress(text) else {
      throw WebIOError.invalidArgument("metrics: \"\(text)\" is no address. Write 9464, or 0.0.0.0:9464.")
    }
    self = address
  }

  /// `9464`, `0.0.0.0:9464`, `[::1]:9464`. Nil when it is none of these.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let colon = bytes.lastIndex(of: UInt8(ascii: ":"))
    guard let port = ASCII.decimal(String(decoding: bytes[((colon ?? -1) + 1)...], as: UTF8.self)), port <= 65_535 else {
      return nil
    }
    var host = bytes[..<(colon ?? 0)]
    if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") { host = host.dropFirst().dropLast() }
    self.init(host: colon == nil ? "localhost" : String(decoding: Array(host), as: UTF8.self), port: port)
  }
}

extension MetricsListener {
  /// Throws a `ListenError`.
  convenience init(_ address: MetricsAddress, _ metrics: ServerMetrics) throws {
    let addresses = try ListenAddress.all(host: address.host, port: address.port)
    // Pages of browsers on this machine must not read it under a name of their own.
    let gate = OriginGate(
      allowedHosts: addresses.allSatisfy { $0.isLoopback } ? [] : nil, allowedOrigins: [], checkOrigin: nil)
    try self.init(on: addresses, refusal: { gate.refusal(of: $0.request, origin: $0.origin) }) { $0(metrics.text) }
  }
}
