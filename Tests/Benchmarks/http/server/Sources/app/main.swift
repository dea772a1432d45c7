// app PORT: the apps that the session measurements open by name. sessions.py writes the same ones for PyWebIO.
import WebIO

@Sendable func index() async throws {
  putText("Hello")
  try await hold()
}

@Sendable func callback() async throws {
  putButtons(["press"]) { putText("pressed \($0)") }
  try await hold()
}

@Sendable func flood() async throws {
  for number in 0..<20_000 { putText("line \(number)") }
  putText("END")
  try await hold()
}

/// upload.py's: keeps what it gets beside the program's second argument.
@Sendable func upload() async throws {
  guard let file = try await fileUpload("File", maxSize: 4 << 30) else { return }
  try await file.save(to: CommandLine.arguments[2], replacing: true)
  putText("saved \(file.size)")
  try await hold()
}

var options = HTTPServerOptions()
options.limits.connections = 50_000
try await startServer(
  ["index": index, "callback": callback, "flood": flood, "upload": upload], port: Int(CommandLine.arguments[1])!, http: options)
