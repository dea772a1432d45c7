import Dispatch
import Glibc

// `swift run {{module}} 9000` takes another port.
let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080
let site = try await Site.start(port: port)
print("http://localhost:\(site.port)/")

// Ctrl-C and SIGTERM end it gracefully: pages are told, and answers that have begun are finished.
let (signals, told) = AsyncStream.makeStream(of: Void.self)
let sources = [SIGINT, SIGTERM].map { number in
  signal(number, SIG_IGN)
  let source = DispatchSource.makeSignalSource(signal: number, queue: .main)
  source.setEventHandler { told.yield() }
  source.resume()
  return source
}
for await _ in signals { break }
await site.stop()
