// plain PORT [DIRECTORY]: an HTTP server that says hello, and has the directory's files below /static/.
import WebIOHTTP

var options = HTTPServerOptions()
options.limits.connections = 50_000
options.limits.idle = .seconds(600)
let server = WebServer(port: Int(CommandLine.arguments[1])!, options: options) { _ in "Hello, World!" }
try await server.run()
