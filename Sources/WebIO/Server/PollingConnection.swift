import WebIOHTTP
import WebIOPosix

/// A page that speaks by HTTP requests: GET takes what was sent, POST brings events. See Sources/Frontend/PROTOCOL.md,
/// section 7.
///
/// PyWebIO's page asks each second, and so it is one connection for the whole session. Ours has one GET waiting at all
/// times; when a request fails it opens a new connection, as it does with a lost WebSocket.
@EventLoop
final class PollingConnection: MessageSocket {
  var onText: (@EventLoop (UnsafeRawBufferPointer) -> Void)?
  var onBinary: (@EventLoop (UnsafeRawBufferPointer) -> Void)?
  var onDrain: (@EventLoop () -> Void)?
  var onClose: (@EventLoop (UInt16, String) -> Void)?

  /// PyWebIO waits as long, so that what an event brings about comes with its answer.
  private static let pause = Duration.milliseconds(100)
  /// Our page asks again at once; when it does not, it is gone.
  private static let absence = Duration.seconds(30)

  private let longPoll: Duration
  /// Our own page, which lets a request wait.
  private let waits: Bool
  /// Nobody will come for it again.
  private let removed: @EventLoop () -> Void
  private var window = PollingWindow()
  private var held: HTTPExchange?
  private var timer: TimerToken?
  private var isWaking = false
  private var closeCode: UInt16?
  private var isGone = false
  private(set) var lastSeen = MonotonicTime.now

  init(waits: Bool, longPoll: Duration, removed: @escaping @EventLoop () -> Void) {
    self.waits = waits
    self.longPoll = longPoll
    self.removed = removed
  }

  var isOpen: Bool { closeCode == nil && !isGone }
  var bufferedBytes: Int { window.bytes }

  // MARK: What the session does

  func sendText(_ bytes: [UInt8]) {
    guard isOpen else { return }
    window.append(bytes)
    wake()
  }

  func close(code: UInt16, reason: String) {
    guard isOpen else { return }
    closeCode = code
    wake()
    EventLoop.run { self.report(code) }
  }

  /// Once in a turn, for all that was sent in it.
  private func wake() {
    guard held != nil, !isWaking else { return }
    isWaking = true
    EventLoop.run { [self] in
      isWaking = false
      release()
    }
  }

  // MARK: Requests

  func get(_ exchange: HTTPExchange, acknowledging batch: Int, isFirst: Bool) {
    came(acknowledging: batch)
    guard window.isEmpty, isOpen else { return answer(exchange) }
    // The first answer tells a page that it is connected.
    if waits, !isFirst { return hold(exchange, longPoll) }
    if isFirst { return hold(exchange, Self.pause) }
    answer(exchange)
  }

  func post(_ exchange: HTTPExchange, from number: Int, acknowledging batch: Int, _ body: PollingBody) {
    came(acknowledging: batch)
    guard isOpen else { return answer(exchange) }
    switch body {
    case .events(let events):
      let known = window.receive(from: number, count: events.count)
      for event in events.dropFirst(known) where isOpen { event.serialized.withUnsafeBytes { onText?($0) } }
    case .files(let bytes):
      if window.receive(from: number, count: 1) == 0 { bytes.withUnsafeBytes { onBinary?($0) } }
    }
    guard !waits, isOpen, window.isEmpty else { return answer(exchange, withCommands: !waits) }
    hold(exchange, Self.pause)
  }

  private func came(acknowledging batch: Int) {
    lastSeen = .now
    let wasHigh = window.bytes >= highWaterMark
    window.acknowledge(batch)
    if wasHigh, window.bytes < highWaterMark { onDrain?() }
  }

  private func hold(_ exchange: HTTPExchange, _ time: Duration) {
    release()
    held = exchange
    let left: @EventLoop () -> Void = { [weak self, weak exchange] in
      guard let self, let exchange, held === exchange else { return }
      held = nil
      timer?.cancel()
      // Of a page that always has a request waiting, this is what a lost WebSocket is.
      if waits { end(WebSocketCloseCode.abnormal) }
    }
    exchange.onClose = left
    if waits { exchange.onInputEnd = left }
    timer = Reactor.shared.schedule(after: time) { [weak self] in self?.release() }
  }

  /// Answers the request that waits.
  private func release() {
    timer?.cancel()
    timer = nil
    guard let exchange = held else { return }
    held = nil
    answer(exchange)
  }

  private func answer(_ exchange: HTTPExchange, withCommands: Bool = true) {
    exchange.onClose = nil
    exchange.onInputEnd = nil
    lastSeen = .now
    let isOver = closeCode != nil && (waits || window.isEmpty)
    Self.respond(exchange, window.answer(withCommands: withCommands, close: waits ? closeCode : nil))
    if isOver, !isGone {
      isGone = true
      removed()
    } else if waits, withCommands, held == nil {
      timer?.cancel()
      timer = Reactor.shared.schedule(after: Self.absence) { [weak self] in self?.expire() }
    }
  }

  static func respond(_ exchange: HTTPExchange, _ body: [UInt8]) {
    var fields = HTTPFields()
    fields.append("Content-Type", "application/json")
    fields.append("Cache-Control", "no-store")
    fields.append("X-Content-Type-Options", "nosniff")
    CORS.allow(exchange.request, &fields)
    exchange.respond(.ok, fields, body)
  }

  // MARK: The end

  /// Nothing was heard for the time that the server allows.
  func expire() { if held == nil { end(WebSocketCloseCode.abnormal) } }

  /// The server stops.
  func stop() {
    close(code: WebSocketCloseCode.goingAway, reason: "")
    release()
  }

  private func end(_ code: UInt16) {
    guard !isGone else { return }
    isGone = true
    removed()
    report(code)
  }

  private func report(_ code: UInt16) {
    let last = onClose
    onClose = nil
    onText = nil
    onBinary = nil
    onDrain = nil
    last?(code, "")
  }
}

/// What a POST brings.
enum PollingBody {
  case events([JSONValue])
  case files([UInt8])
}
