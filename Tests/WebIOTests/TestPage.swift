import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What a browser's page does, to a real server.
@EventLoop
final class TestPage {
  private let carrier: Carrier
  private var socket: (any TestSocket)?
  private(set) var commands: [JSONValue] = []
  private(set) var sessionID: String?
  private(set) var lastNumber = 0
  private(set) var closeCode: UInt16?
  private var waiters: [(condition: @EventLoop (TestPage) -> Bool, done: CheckedContinuation<Void, Never>)] = []
  private var opening: CheckedContinuation<Int, Never>?
  private var eventNumber = 0
  private var server: AppServer?

  init(_ carrier: Carrier = .webSocket) { self.carrier = carrier }

  /// A new session's page of a server that lives as long as the page does.
  static func on(reconnectTimeout: Duration = .seconds(10), _ applications: [Application]) async throws -> TestPage {
    let page = TestPage()
    let server = try serve(reconnectTimeout: reconnectTimeout, applications)
    page.server = server
    #expect(try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a") == 101)
    return page
  }

  /// Connects with a query; the result is the status of the handshake.
  func open(port: UInt16, query: String, origin: String? = nil, host: String? = nil) async throws -> Int {
    let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: port))
    if carrier == .http { return await poll(port, query, origin, host) }
    return await withCheckedContinuation { done in
      opening = done
      Connector.connect(to: address) { [self] result in
        guard case .success(let stream) = result else { return opened(0) }
        let client = HTTPClientConnection(stream: stream)
        client.onHead = { [self] head in
          guard head.status.code == 101 else { return opened(head.status.code) }
          listen(WebSocketConnection(client: client.takeOver()))
          opened(101)
        }
        client.send("GET", "/?\(query)", Self.fields(port, origin, host))
      }
    }
  }

  private static func fields(_ port: UInt16, _ origin: String?, _ host: String?) -> HTTPFields {
    var fields = HTTPFields()
    fields.append("Host", host ?? "localhost:\(port)")
    fields.append("Connection", "Upgrade")
    fields.append("Upgrade", "websocket")
    fields.append("Sec-WebSocket-Version", "13")
    fields.append("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    if let origin { fields.append("Origin", origin) }
    return fields
  }

  private func poll(_ port: UInt16, _ query: String, _ origin: String?, _ host: String?) async -> Int {
    await withCheckedContinuation { done in
      var fields = HTTPFields()
      fields.append("Host", host ?? "localhost:\(port)")
      if let origin { fields.append("Origin", origin) }
      let socket = TestPolling(port: port, query: query, fields: fields) { status in
        done.resume(returning: status == 200 ? 101 : status)
      }
      self.socket = socket
      socket.onMessage = { [unowned self] frame in take(frame) }
      socket.onClose = { [self] code in
        closeCode = code
        self.socket = nil
        wake()
      }
    }
  }

  private func opened(_ status: Int) {
    opening?.resume(returning: status)
    opening = nil
  }

  private func listen(_ socket: WebSocketConnection) {
    self.socket = socket
    socket.onText = { [unowned self] bytes in receive(bytes) }
    socket.onClose = { [self] code, _ in
      closeCode = code
      self.socket = nil
      wake()
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    if let frame = try? JSONParser.parse(bytes) { take(frame) }
  }

  private func take(_ frame: JSONValue) {
    if let numbered = frame.array, let first = numbered.first?.int {
      for (index, command) in numbered.dropFirst().enumerated() where first + index > lastNumber {
        lastNumber = first + index
        commands.append(command)
      }
    } else if frame["command"]?.string == "set_session_id" {
      sessionID = frame["spec"]?.string
    } else {
      commands.append(frame)
    }
    wake()
  }

  private func wake() {
    let ready = waiters.filter { $0.condition(self) }
    waiters.removeAll { $0.condition(self) }
    for waiter in ready { waiter.done.resume() }
  }

  /// Returns when `condition` holds; the test's own time limit is the end of it.
  func wait(_ condition: @escaping @EventLoop (TestPage) -> Bool) async {
    if condition(self) { return }
    await withCheckedContinuation { waiters.append((condition, $0)) }
  }

  /// Waits for a text among the outputs.
  func waitForText(_ text: String) async {
    await wait { page in page.commands.contains { $0["spec"]?["content"]?.string == text } }
  }

  /// Waits for a form that is not answered yet, and gives its task's id.
  func form(label: String) async -> String {
    await wait { $0.openForm(label) != nil }
    return openForm(label) ?? ""
  }

  private func openForm(_ label: String) -> String? {
    let name: (JSONValue) -> String? = { $0["command"]?.string }
    guard
      let index = commands.lastIndex(where: {
        name($0) == "input_group" && $0["spec"]?["label"]?.string == label
      })
    else { return nil }
    let task = commands[index]["task_id"]?.string
    let isGone = commands[index...].contains { name($0) == "destroy_form" && $0["task_id"]?.string == task }
    return isGone ? nil : task
  }

  /// `form` is the number of the command that brought the form.
  func send(_ event: String, task: String, _ data: JSONValue, form: Int? = nil) {
    eventNumber += 1
    let json: JSONValue = [
      "event": .string(event), "task_id": .string(task), "data": data, "n": .int(Int64(eventNumber)),
      "form": form.map { .int(Int64($0)) } ?? .null,
    ]
    socket?.sendText(json.serialized)
  }

  func sendRaw(_ text: String) { socket?.sendText(Array(text.utf8)) }

  func sendRaw(_ bytes: [UInt8]) { socket?.sendBinary(bytes) }

  func answer(_ label: String, _ value: JSONValue) async {
    send("from_submit", task: await form(label: label), ["data": value])
  }

  /// A reconnected page goes on counting its events.
  func continueNumbers(of page: TestPage) { eventNumber = page.eventNumber }

  func forgetCommands() { commands = [] }

  /// The link is lost without a word.
  func drop() { socket?.abort() }

  func close() { socket?.close() }
}

/// A running app on a free port.
@EventLoop
func serve(
  reconnectTimeout: Duration = .seconds(10), debug: Bool = false, allowedOrigins: [String] = [],
  transport: Transport = .auto, sessions: SessionLimits = SessionLimits(), http: HTTPServerOptions = HTTPServerOptions(),
  _ applications: [Application]
) throws -> AppServer {
  try AppServer.start(
    ApplicationTable(applications),
    ServerOptions(
      host: "localhost", port: 0, debug: debug, staticDirectory: nil, theme: "auto", tls: nil, remoteAccess: nil,
      reconnectTimeout: reconnectTimeout, allowedOrigins: allowedOrigins, checkOrigin: nil, autoOpenBrowser: false,
      maxPayloadSize: 1 << 20, http: http, transport: transport, sessions: sessions))
}
