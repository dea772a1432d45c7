import WebIOHTTP
import WebIOPosix

/// Stands for a page when a recorded session runs again: it takes down what the page would have been told.
@EventLoop
final class TranscriptLink: SessionLink {
  private var commands: [JSONValue] = []
  private var completion: (([JSONValue]) -> Void)?

  /// `completion` gets all commands up to the place to which the replay came.
  init(_ completion: @escaping ([JSONValue]) -> Void) { self.completion = completion }

  let canSend = true

  func send(_ first: Int, _ commands: ArraySlice<[UInt8]>) {
    for bytes in commands { if let command = try? JSONParser.parse(bytes), command != .null { self.commands.append(command) } }
    // The last word of a replay; an app that goes on by itself is not waited for.
    guard self.commands.contains(where: { $0["command"]?.string == "replayed" }) else { return }
    EventLoop.run { self.finish() }
  }

  private func finish() {
    // Whether the end is already out when the replay is over is a matter of luck.
    completion?(commands.filter { !["replayed", "close_session"].contains($0["command"]?.string) })
    completion = nil
  }

  func acknowledge(event: Int) {}
  func end() { finish() }
  func replaced() {}
}

extension SessionInfo {
  /// Of nobody: a session that runs again has no browser.
  static func ofRehearsal(_ app: String) -> SessionInfo {
    SessionInfo(
      userAgent: "", acceptLanguage: "en", serverHost: "localhost", origin: "", userIP: "127.0.0.1", app: app,
      transport: "websocket", isDeveloper: true)
  }
}
