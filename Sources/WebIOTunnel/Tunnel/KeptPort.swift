/// The port that a plain server chose: asked for again after an outage, so that the address stays.
struct KeptPort {
  /// The old connection's port may still be held over there. After half a minute another one is better than none.
  static let patience = 30
  /// A server that could not be told of the end holds it for hours, unless it asks its clients whether they live.
  static let patienceAfterMove = 8

  private(set) var number: UInt16?
  private var refusals = 0
  private var hasMoved = false

  mutating func bound(_ port: UInt16) { number = port }

  /// The tunnel is open again.
  mutating func opened() {
    refusals = 0
    hasMoved = false
  }

  /// This machine's address is gone, and with it the way to end the old connection.
  mutating func moved() { hasMoved = true }

  /// The server would not give it.
  mutating func refused() {
    guard number != nil else { return }
    refusals += 1
    if refusals > (hasMoved ? Self.patienceAfterMove : Self.patience) { number = nil }
  }

  /// Any other will do.
  mutating func release() { number = nil }
}
