/// What happens to a tunnel, in the order in which it happens.
package enum TunnelEvent: Sendable {
  /// The first attempt is number 1.
  case connecting(attempt: Int)
  /// A line of the server, or of us about the connection: without control characters, fit for a terminal.
  case notice(String)
  /// The host was not known: its key is taken on trust and remembered in `file`.
  case firstUse(host: String, fingerprint: String, keyType: String, file: String)
  /// The public address. It comes again when the address changes, and after each reconnection.
  case open(url: String, provider: String)
  /// The connection is gone, or an attempt failed; the next one starts after `delay`.
  case reconnecting(attempt: Int, reason: String, delay: Duration)
  /// Final: trying again cannot help.
  case failed(TunnelError)
  /// Final: `stop` is done.
  case closed
}
