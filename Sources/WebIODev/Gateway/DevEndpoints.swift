import WebIOHTTP
import WebIOPosix

/// A file that the gateway serves itself, below `/__webio/`.
package struct GatewayAsset: Sendable {
  package let bytes: [UInt8]
  package let contentType: String

  package init(_ bytes: [UInt8], _ contentType: String) {
    self.bytes = bytes
    self.contentType = contentType
  }
}

/// What lies below `/__webio/` on the developer's side. On the public side none of it exists.
///
/// The gateway has looked at `Host` before; here come the token, the exact origin and the fetch metadata, for all
/// routes in one place.
@EventLoop
final class DevEndpoints {
  let channel: DevChannel
  private let token: String
  private let assets: [String: GatewayAsset]
  private let files: OpenableFiles?
  private let open: @EventLoop (EditorCommand) -> Bool
  var takeBack: (@EventLoop (String) -> Bool)?
  var save: (@EventLoop (String, @escaping @EventLoop (Result<String, DevError>) -> Void) -> Void)?
  var output: (@EventLoop () -> [String])?

  nonisolated static let prefix = "/__webio/"

  init(
    channel: DevChannel, token: String, assets: [String: GatewayAsset], files: OpenableFiles?,
    open: @escaping @EventLoop (EditorCommand) -> Bool
  ) {
    self.channel = channel
    self.token = token
    self.assets = assets
    self.files = files
    self.open = open
  }

  /// Whether a request is for here, however the path goes on.
  static func owns(_ request: HTTPRequestHead) -> Bool {
    let path = request.path
    return path.hasPrefix(prefix) || path == "/__webio"
  }

  func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    if let site = request.fields["Sec-Fetch-Site"], site != "same-origin", site != "none" {
      return refuse(exchange, .forbidden, "This is only for pages of this app.")
    }
    switch request.path {
    case "/__webio/dev": connect(exchange)
    case "/__webio/knock": knock(exchange)
    case "/__webio/output": tellOutput(exchange)
    case "/__webio/open": openInEditor(exchange)
    case "/__webio/back": backOne(exchange)
    case "/__webio/save": saveSession(exchange)
    default:
      guard let asset = assets[request.path] else { return refuse(exchange, .notFound, "There is nothing here.") }
      guard request.isGet || request.isHead else {
        return exchange.respond(.methodNotAllowed, ["Allow": "GET, HEAD"], text: "Only GET.\n")
      }
      exchange.respond(
        .ok,
        [
          "Content-Type": asset.contentType,
          // An address that names the run of webio is another one in the next run.
          "Cache-Control": request.queryValue("v") == nil ? "no-store" : "private, max-age=86400, immutable",
          "X-Content-Type-Options": "nosniff",
          "Cross-Origin-Resource-Policy": "same-origin",
        ], asset.bytes)
    }
  }

  /// A page whose socket is refused asks whether this is still the run that it came from. It learns nothing else.
  private func knock(_ exchange: HTTPExchange) {
    let isOurs = isEqualInConstantTime(exchange.request.queryValue("token") ?? "", token)
    if !isOurs { channel.knocked() }
    exchange.respond(isOurs ? .noContent : HTTPStatus(410), ["Cache-Control": "no-store"])
  }

  /// What the app printed last, for the card of a task that failed.
  private func tellOutput(_ exchange: HTTPExchange) {
    guard isOurPost(exchange) else { return }
    let lines = (output?() ?? []).map { JSONValue.string($0) }
    exchange.respond(
      .ok, ["Content-Type": "application/json", "Cache-Control": "no-store"],
      JSONValue.object(["lines": .array(lines)]).serialized)
  }

  private func connect(_ exchange: HTTPExchange) {
    let request = exchange.request
    guard HostGate.isOwn(origin: request.fields["Origin"], host: request.host) else {
      return refuse(exchange, .forbidden, "This is only for pages of this app.")
    }
    guard isEqualInConstantTime(request.queryValue("token") ?? "", token) else {
      return refuse(exchange, .forbidden, "The token is not that of this run of webio: load the page again.")
    }
    if let socket = exchange.upgradeToWebSocket(maxMessageSize: 4096, compression: false) { channel.add(socket) }
  }

  /// A click on a diagnostic's place. What it starts runs with the developer's rights, so everything is asked for at once:
  /// this machine, our page, the run's token, a file of the project.
  private func openInEditor(_ exchange: HTTPExchange) {
    guard exchange.peerAddress == "::1" || exchange.peerAddress.hasPrefix("127.") else {
      return refuse(exchange, .forbidden, "This is only for pages of this app on this machine.")
    }
    guard isOurPost(exchange) else { return }
    exchange.readBody(limit: 16 << 10) { [self] result in
      guard case .success(let bytes) = result, let json = try? JSONParser.parse(bytes), let name = json["file"]?.string
      else { return refuse(exchange, .badRequest, "It takes {\"file\", \"line\", \"column\"}.") }
      guard let file = files?.resolve(name) else { return refuse(exchange, .notFound, "There is no such file.") }
      let line = min(max(json["line"]?.int ?? 1, 1), 1_000_000)
      let column = min(max(json["column"]?.int ?? 1, 1), 100_000)
      do {
        let command = try EditorCommand(file: file, line: line, column: column)
        if open(command) { return exchange.respond(.noContent) }
        refuse(exchange, .internalServerError, "\(command.path) could not be started.")
      } catch {
        refuse(exchange, HTTPStatus(409), Self.advice(error, file, line))
      }
    }
  }

  /// The toast's *Back one*.
  private func backOne(_ exchange: HTTPExchange) {
    withSession(exchange) { [self] id in
      if takeBack?(id) == true { return exchange.respond(.noContent) }
      refuse(exchange, HTTPStatus(409), "There is nothing to take back.")
    }
  }

  /// The toast's *Save*.
  private func saveSession(_ exchange: HTTPExchange) {
    withSession(exchange) { [self] id in
      save?(id) { [self] result in
        switch result {
        case .success(let name): exchange.respond(.ok, ["Cache-Control": "no-store"], text: name)
        case .failure(let error): refuse(exchange, HTTPStatus(409), error.message)
        }
      }
    }
  }

  private func withSession(_ exchange: HTTPExchange, _ body: @escaping @EventLoop (String) -> Void) {
    guard isOurPost(exchange) else { return }
    exchange.readBody(limit: 4 << 10) { [self] result in
      guard case .success(let bytes) = result, let json = try? JSONParser.parse(bytes), let id = json["session"]?.string
      else { return refuse(exchange, .badRequest, "It takes {\"session\"}.") }
      body(id)
    }
  }

  /// What changes something takes a POST of a page of ours, with the run's token.
  private func isOurPost(_ exchange: HTTPExchange) -> Bool {
    let request = exchange.request
    guard request.hasMethod("POST") else {
      exchange.respond(.methodNotAllowed, ["Allow": "POST"], text: "Only POST.\n")
      return false
    }
    guard HostGate.isOwn(origin: request.fields["Origin"], host: request.host),
      isEqualInConstantTime(request.fields["webio-token"] ?? "", token)
    else {
      refuse(exchange, .forbidden, "This is only for pages of this app on this machine.")
      return false
    }
    return true
  }

  private static func advice(_ error: any Error, _ file: String, _ line: Int) -> String {
    switch error as? EditorCommand.Refusal {
    case .needsTerminal(let name): "\(name) +\(line) \(file)"
    case .notFound(let name): "There is no \(name) in PATH: set WEBIO_EDITOR."
    default: "Set WEBIO_EDITOR to your editor, as in WEBIO_EDITOR=code."
    }
  }

  private func refuse(_ exchange: HTTPExchange, _ status: HTTPStatus, _ text: String) {
    exchange.respond(status, ["X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"], text: "\(text)\n")
  }
}
