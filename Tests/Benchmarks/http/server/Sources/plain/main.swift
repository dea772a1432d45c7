// plain PORT [DIRECTORY [immediate]]: an HTTP server that says hello, and has the directory's files below /static/.
import WebIOHTTP

var options = HTTPServerOptions()
options.limits.connections = 50_000
options.limits.idle = .seconds(600)
let directory = CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : nil
let port = Int(CommandLine.arguments[1])!
let server =
  CommandLine.arguments.last == "immediate"
  ? WebServer(port: port, staticDirectory: directory, options: options, immediate: { _ in "Hello, World!" })
  : WebServer(port: port, staticDirectory: directory, options: options) { _ in "Hello, World!" }
try await server.run()
