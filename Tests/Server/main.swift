// A real server for tests that need a process of its own: it is told what to do by its arguments.
//
//   TestServer web [log=PATH]     WebIOHTTP's WebServer; POST /echo, GET /slow answers after a second
//   TestServer app [host=…] [port=…] [size=…] [drain=…] [metrics=PORT] [log=PATH] [format=json]     an app by startServer
//   TestServer deploy base=DIR [index=none]     pathDeploy with an index of its own, or none
//   TestServer handler     an AppHandler in a WebServer
//   TestServer tls CERTIFICATE KEY     HTTPS by WebServer
//   TestServer notes [transport=http]     the app of `webio new cluster`, which tells the visitor's address too
//   TestServer script ask|block|tell|button     a program without startServer
//   TestServer echo PORT [await]     WebSocket messages and bodies, answered on the event loop, or by a closure that awaits
//
// It prints "port N" once it serves.
import Glibc
import WebIO
import WebIOHTTP
import WebIOTLS

func argument(_ name: String) -> String? {
  CommandLine.arguments.dropFirst(2).first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
}

func say(_ text: String) {
  let bytes = Array("\(text)\n".utf8)
  _ = write(1, bytes, bytes.count)
}

func ask() async throws {
  let name = try await input("Name?")
  putText("Hello, \(name)!")
}

var options = HTTPServerOptions()
if let path = argument("log") {
  options.accessLog = try AccessLog(.file(path), format: argument("format") ?? AccessLog.standardFormat, linesPerSecond: 0)
}
var limits = ServerLimits()
limits.reconnect = .milliseconds(200)
if let seconds = argument("drain").flatMap({ Int($0) }) {
  (limits.drain, limits.drainNotice) = (.seconds(seconds), .seconds(1))
}

// As the index of a directory it is started without arguments.
switch DeployedDirectory.current == nil ? CommandLine.arguments.dropFirst().first : "deploy" {
case "web":
  let server = WebServer(port: 0, options: options) { request in
    if request.path == "/slow" { try await Task.sleep(for: .seconds(1)) }
    if request.path == "/talk" { return .webSocket { for await message in $0 { try await $0.send(message) } } }
    return request.method == "POST" ? HTTPResponse(body: request.body) : "hello"
  }
  say("port \(try await server.start())")
  while true { try await Task.sleep(for: .seconds(3_600)) }
case "app":
  try await startServer(
    {
      putText("hello"); hold()
    }, host: argument("host") ?? "localhost", port: argument("port").flatMap { Int($0) } ?? 0,
    maxPayloadSize: argument("size").map { ByteCount(stringLiteral: $0) } ?? "1M", limits: limits,
    metrics: argument("metrics").flatMap { Int($0) }.map { MetricsAddress(port: $0) }, http: options)
  say("stopped")
case "notes":
  try await startServer(
    {
      putText("from \(try info.userIP)")
      var count = 0
      while true {
        let line = try await input("A line", required: true)
        count += 1
        putText("\(count): \(line)")
      }
    }, transport: argument("transport") == "http" ? .http : .auto)
case "deploy":
  let index = DirectoryIndex.custom { directory in
    putText("\(directory.path) has " + directory.entries.map { "\($0.link) (\($0.name))" }.joined(separator: ", "))
    hold()
  }
  try await pathDeploy(
    base: argument("base") ?? ".", port: 0, index: argument("index") == "none" ? .none : index, idle: .seconds(60))
  say("stopped")
case "echo":
  let port = CommandLine.arguments.dropFirst(2).first.flatMap { UInt16($0) } ?? 0
  if CommandLine.arguments.last == "await" {
    options.limits.webSocketMessage = EchoServer.messageLimit
    let server = WebServer(port: Int(port), bodyLimit: 67_108_864, options: options) { request in
      guard request.fields.contains("Upgrade") else { return HTTPResponse(body: request.body) }
      return .webSocket { for await message in $0 { try await $0.send(message) } }
    }
    say("port \(try await server.start())")
  } else {
    say("port \(try await EchoServer.start(port: port))")
  }
  while true { try await Task.sleep(for: .seconds(3_600)) }
case "handler":
  let apps = try await AppHandler(ask, allowedHosts: [], prefix: "/apps")
  let server = WebServer(port: AppHandler.listeningPort(1)) { try await apps.respond(to: $0) }
  let port = try await server.start()
  for _ in 0..<2 { await apps.isServing(at: port) }
  while true { try await Task.sleep(for: .seconds(3_600)) }
case "tls":
  let (certificate, key) = (CommandLine.arguments[2], CommandLine.arguments[3])
  let server = WebServer(port: 0, tls: .files(certificate: certificate, key: key)) { _ in "hello" }
  say("port \(try await server.start())")
  while true { try await Task.sleep(for: .seconds(3_600)) }
case "script":
  switch CommandLine.arguments.dropFirst(2).first {
  case "ask":
    try await ask()
  case "block":
    // At the top level the compiler takes the functions that block.
    putText("Hello, \(try input("Name?"))!")
    putText("from \(try info.userIP)")
  case "tell":
    for number in 1...5_000 { putText("line \(number) " + String(repeating: "x", count: 200)) }
  case "button":
    deferCall { say("deferred") }
    putButton("Click") { putText("clicked") }
  default: break
  }
  say("done")
default:
  say("TestServer web|app|handler|notes|echo|tls|script")
  exit(2)
}
