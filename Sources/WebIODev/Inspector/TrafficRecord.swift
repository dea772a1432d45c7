import Glibc
import WebIOHTTP
import WebIOPosix

/// One public request, its answer, and the frames that followed where it became a WebSocket.
@EventLoop
package final class TrafficRecord {
  /// The beginning of a body, and how long all of it was.
  struct Body {
    static let limit = 64 << 10
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    var isWhole: Bool { bytes.count == count }

    mutating func append(_ more: UnsafeRawBufferPointer) {
      count += more.count
      let room = Self.limit - bytes.count
      if room > 0 { bytes.append(contentsOf: more.prefix(room)) }
    }
  }

  struct SeenFrame {
    let isFromVisitor: Bool
    /// After the request's beginning.
    let milliseconds: Int
    let frame: FrameScanner.Frame
  }

  static let frameLimit = 200
  static let framePayloadLimit = 4 << 10

  let id: Int
  let method: String
  let target: String
  let from: String
  let requestFields: [(name: String, value: String)]
  /// The record that this is a repetition of.
  let replayOf: Int?
  let beganAt: MonotonicTime
  /// Milliseconds since 1970.
  let clock: Int
  fileprivate(set) var requestBody = Body()
  fileprivate(set) var status: Int?
  fileprivate(set) var responseFields: [(name: String, value: String)] = []
  fileprivate(set) var responseBody = Body()
  fileprivate(set) var duration: Duration?
  fileprivate(set) var isWebSocket = false
  fileprivate(set) var frames: [SeenFrame] = []
  fileprivate(set) var frameCount = 0
  /// The client left, or the answer broke off.
  fileprivate(set) var isCut = false
  /// What keeping it costs, about.
  private(set) var cost: Int
  private var scanners = (FrameScanner(payloadLimit: framePayloadLimit), FrameScanner(payloadLimit: framePayloadLimit))
  private weak var log: TrafficLog?

  init(_ exchange: HTTPExchange, id: Int, replayOf: Int?, _ log: TrafficLog) {
    self.id = id
    self.replayOf = replayOf
    self.log = log
    let request = exchange.request
    method = request.method
    target = request.target
    from = PublicGate.client(of: request.fields.last("X-Forwarded-For")) ?? ""
    requestFields = request.fields.list.filter { !ASCII.equalsIgnoringCase($0.name, Gateway.replayField) }
    beganAt = .now
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    clock = now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
    cost = 512 + target.utf8.count + Self.cost(of: requestFields)
  }

  private static func cost(of fields: [(name: String, value: String)]) -> Int {
    fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 64 }
  }

  private func grew(by bytes: Int) {
    cost += bytes
    log?.grew(by: bytes)
  }

  /// The log does not keep it any more; what still comes for it costs nothing.
  func forgotten() { log = nil }

  func requestBody(_ bytes: UnsafeRawBufferPointer) {
    guard log != nil else { return }
    let before = requestBody.bytes.count
    requestBody.append(bytes)
    grew(by: requestBody.bytes.count - before)
  }

  func responseBegan(_ status: HTTPStatus, _ fields: HTTPFields) {
    self.status = status.code
    guard log != nil else { return }
    responseFields = fields.list
    grew(by: Self.cost(of: responseFields))
    log?.changed(self)
  }

  func responseBody(_ bytes: UnsafeRawBufferPointer) {
    guard log != nil else { return }
    let before = responseBody.bytes.count
    responseBody.append(bytes)
    grew(by: responseBody.bytes.count - before)
  }

  func becameWebSocket(_ fields: HTTPFields) {
    isWebSocket = true
    responseBegan(.switchingProtocols, fields)
  }

  func frames(_ bytes: UnsafeRawBufferPointer, fromVisitor: Bool) {
    guard log != nil else { return }
    let seen = fromVisitor ? scanners.0.receive(bytes) : scanners.1.receive(bytes)
    guard !seen.isEmpty else { return }
    let milliseconds = (MonotonicTime.now - beganAt).wholeMilliseconds
    frameCount += seen.count
    frames += seen.suffix(Self.frameLimit).map {
      SeenFrame(isFromVisitor: fromVisitor, milliseconds: milliseconds, frame: $0)
    }
    var growth = seen.suffix(Self.frameLimit).reduce(0) { $0 + $1.payload.count + 96 }
    while frames.count > Self.frameLimit { growth -= frames.removeFirst().frame.payload.count + 96 }
    grew(by: growth)
    log?.changed(self)
  }

  /// The answer is out. A WebSocket lives on until `closed`.
  func ended(_ status: HTTPStatus, isWhole: Bool) {
    guard !isWebSocket else { return }
    if self.status == nil { self.status = status.code }
    isCut = !isWhole
    closed()
  }

  func closed() {
    guard duration == nil else { return }
    duration = .now - beganAt
    log?.changed(self)
  }
}
