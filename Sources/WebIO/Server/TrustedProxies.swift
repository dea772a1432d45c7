import WebIOHTTP
import WebIOPosix

/// Whose word counts for where a visitor comes from.
struct TrustedProxies: Sendable {
  /// Addresses; `unix` is a peer on a unix socket.
  let addresses: [String]

  /// The last address of `X-Forwarded-For` that no trusted proxy has: each proxy adds its peer at the end, and what stands before
  /// the first trusted one anybody may have written.
  func visitor(peer: String, forwarded: [String]) -> String {
    guard trusts(peer) else { return peer }
    var visitor = peer
    for value in forwarded.reversed() {
      for part in value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).reversed() {
        let address = String(decoding: Array(part.filter { $0 != 0x20 && $0 != 0x09 }), as: UTF8.self)
        guard SocketAddress(numericHost: address, port: 0) != nil, !address.isEmpty else { return visitor }
        visitor = address
        if !trusts(address) { return visitor }
      }
    }
    return visitor
  }

  private func trusts(_ address: String) -> Bool { addresses.contains(address.isEmpty ? "unix" : address) }

  /// Throws ``WebIOError/invalidArgument(_:)`` for what is no address: it would trust nobody without a word.
  func validate() throws {
    for address in addresses where address != "unix" {
      guard !address.isEmpty, SocketAddress(numericHost: address, port: 0) != nil else {
        throw WebIOError.invalidArgument(
          "trustedProxies: \"\(address)\" is no address. Write \"10.0.0.7\", or \"unix\" for a unix socket.")
      }
    }
  }
}
