// plain PORT [DIRECTORY [immediate]]: an HTTP server that says hello, echoes WebSocket messages at /echo,
// and has the directory's files below /static/.
import WebIOHTTP

var options = HTTPServerOptions()
options.limits.connections = 50_000
options.limits.idle = .seconds(600)
// The largest of Autobahn's messages.
options.limits.webSocketMessage = 64 << 20

@Sendable func answer(_ request: HTTPRequest) -> HTTPResponse {
  if request.path == "/echo" { return .webSocket { for await message in $0 { try await $0.send(message) } } }
  return request.method == "POST" ? HTTPResponse(body: request.body) : "Hello, World!"
}

let directory = CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : nil
let port = Int(CommandLine.arguments[1])!
let server =
  CommandLine.arguments.last == "immediate"
  ? WebServer(port: port, staticDirectory: directory, options: options, immediate: answer)
  : WebServer(port: port, staticDirectory: directory, options: options) { answer($0) }
try await server.run()
