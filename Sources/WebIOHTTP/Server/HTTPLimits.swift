/// Every limit and deadline of the floor in one place. What exceeds one is refused whole, never cut.
///
/// Sizes are in bytes, and a message of exactly the limit passes. Deadlines are checked about twice a second.
public struct HTTPLimits: Sendable, Equatable {
  /// The request line without its line end; longer is 414.
  public var requestLine = 8 << 10
  /// One field line without its line end; longer is 431.
  public var fieldLine = 8 << 10
  /// All field lines with their line ends; more is 431.
  public var fieldSection = 32 << 10
  public var fieldCount = 100
  /// A request's body, whatever its framing; longer is 413. `readBody(limit:)` may ask for less.
  public var body = 1 << 30
  /// Chunk extensions of one body together.
  public var chunkExtensions = 16 << 10
  public var trailers = 8 << 10
  /// Chunks beyond this number must carry 16 bytes on the average.
  public var smallChunks = 16 << 10

  /// From the first byte of a head to its last one.
  public var headDeadline = Duration.seconds(10)
  /// Without a request. Nil: one request a connection.
  public var idle: Duration? = .seconds(30)
  /// Without the peer taking a byte of what waits for it.
  public var writeStall = Duration.seconds(30)
  /// Bytes a second that a body must bring once `bodyGrace` is over.
  public var bodyRate = 240
  public var bodyGrace = Duration.seconds(10)
  /// How long we go on reading after an early answer, so that the peer can read it. RFC 9112 section 9.6.
  public var lingering = Duration.seconds(5)
  /// Above it the connection that is idle for longest is closed, or the new one refused.
  public var connections = 10_000

  /// One message, after decompression and over all its fragments; longer is closed with 1009.
  public var webSocketMessage = 4 << 20
  /// What waits to be sent to one WebSocket; a reader so slow is cut off.
  public var webSocketBuffer = 64 << 20
  /// Fragments without a byte in them, in a row.
  public var webSocketEmptyFragments = 1_000
  /// Silence after which a ping is sent. Nil: never.
  public var webSocketPing: Duration? = .seconds(30)
  /// From a ping to the next sign of life.
  public var webSocketPong = Duration.seconds(20)
  /// From our close frame to the end of the connection.
  public var webSocketClose = Duration.seconds(5)

  public init() {}
}
