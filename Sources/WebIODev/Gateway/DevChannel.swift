import WebIOHTTP
import WebIOPosix

/// What the open pages are told: which build they should come from, and what is going on.
@EventLoop
package final class DevChannel {
  /// What a page that has just connected hears besides the generation.
  package enum State: Sendable, Equatable {
    case idle
    case building
    case failed([Diagnostic], log: [String])
    case crashed(DevCrash)
  }

  package private(set) var state = State.idle
  /// The build that serves now; nil while none does.
  package private(set) var generation: Int?
  /// By provider.
  private var publicURLs: [(provider: String, url: String)] = []
  private var sockets: [ObjectIdentifier: WebSocketConnection] = [:]

  package var pageCount: Int { sockets.count }
  /// A page of an earlier run has asked whether this is still its own: it is about to load again.
  package private(set) var hasHeardKnock = false

  func knocked() { hasHeardKnock = true }

  func add(_ socket: WebSocketConnection) {
    let key = ObjectIdentifier(socket)
    sockets[key] = socket
    socket.onClose = { [weak self] _, _ in self?.sockets[key] = nil }
    socket.sendText(Self.hello(generation))
    if let message = message(of: state) { socket.sendText(message) }
    for (provider, url) in publicURLs { socket.sendText(Self.message(provider, url)) }
  }

  /// The app has a public address, or another one than before.
  package func shared(at url: String, by provider: String) {
    publicURLs.removeAll { $0.provider == provider }
    publicURLs.append((provider, url))
    send(Self.message(provider, url))
  }

  /// Pages that come from now on hear of no public address.
  package func unshared() { publicURLs = [] }

  private static func message(_ provider: String, _ url: String) -> [UInt8] {
    JSONValue.object(["event": "public", "provider": .string(provider), "url": .string(url)]).serialized
  }

  package func buildStarted() { enter(.building) }

  /// The next build is about to serve.
  package func compiled(generation: Int) {
    send(JSONValue.object(["event": "compiled", "generation": .int(Int64(generation))]).serialized)
  }

  package func buildFailed(_ diagnostics: [Diagnostic], log: [String]) { enter(.failed(diagnostics, log: log)) }

  package func appCrashed(_ crash: DevCrash) { enter(.crashed(crash)) }

  /// A new build serves. `milliseconds` from the save.
  package func swapped(to generation: Int, milliseconds: Int?) {
    self.generation = generation
    state = .idle
    var event: JSONObject = ["event": "built", "generation": .int(Int64(generation))]
    if let milliseconds { event["ms"] = .int(Int64(milliseconds)) }
    send(JSONValue.object(event).serialized)
  }

  /// The build made nothing new: what was said before is over.
  package func settled() {
    state = .idle
    let event: JSONObject = ["event": "built", "generation": .int(Int64(generation ?? 0))]
    send(JSONValue.object(event).serialized)
  }

  /// The page of a session shows what is being built.
  func preview(session: String, _ commands: [JSONValue]) {
    send(
      JSONValue.object(["event": "preview", "session": .string(session), "commands": .array(commands)]).serialized)
  }

  /// The page of a session is to load again.
  func reload(session: String) {
    send(JSONValue.object(["event": "reload", "session": .string(session)]).serialized)
  }

  /// A file that the page fetches by itself has changed. `name` ends its path.
  package func assetChanged(_ name: String) {
    send(JSONValue.object(["event": "css", "name": .string(name)]).serialized)
  }

  func closeAll() {
    for socket in sockets.values { socket.close(code: WebSocketCloseCode.goingAway, reason: "") }
  }

  private func enter(_ state: State) {
    self.state = state
    if let message = message(of: state) { send(message) }
  }

  private func send(_ message: [UInt8]) {
    for socket in sockets.values { socket.sendText(message) }
  }

  private static func hello(_ generation: Int?) -> [UInt8] {
    JSONValue.object(["event": "hello", "generation": .int(Int64(generation ?? 0))]).serialized
  }

  private func message(of state: State) -> [UInt8]? {
    switch state {
    case .idle: nil
    case .building: JSONValue.object(["event": "building"]).serialized
    case .failed(let diagnostics, let log):
      JSONValue.object([
        "event": "buildFailed", "diagnostics": .array(diagnostics.prefix(100).map(\.json)), "log": Self.text(log),
      ]).serialized
    case .crashed(let crash):
      JSONValue.object([
        "event": "crashed", "signal": .string(crash.reason), "restarts": .bool(!crash.waits),
        "diagnostics": .array(crash.diagnostics.map(\.json)), "log": Self.text(crash.log),
      ]).serialized
    }
  }

  private static func text(_ log: [String]) -> JSONValue { .string(log.suffix(400).joined(separator: "\n")) }
}

extension Diagnostic {
  /// As the dev socket and `webio dev --json` have it.
  package var json: JSONValue {
    var object: JSONObject = [:]
    object["file"] = file.map { .string($0) }
    object["line"] = line.map { .int(Int64($0)) }
    object["column"] = column.map { .int(Int64($0)) }
    object["severity"] = .string(severity.rawValue)
    object["message"] = .string(message)
    object["frame"] = frame.map { .string($0) }
    return .object(object)
  }
}
