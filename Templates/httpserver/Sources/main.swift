import Dispatch
import Glibc

let site = try await Site.start(port: 8080)
print("http://localhost:\(site.port)/")

// Ctrl-C and SIGTERM end it gracefully: pages are told, and answers that have begun are finished.
let (signals, told) = AsyncStream.makeStream(of: Void.self)
let sources = [SIGINT, SIGTERM].map { number in
  signal(number, SIG_IGN)
  let source = DispatchSource.makeSignalSource(signal: number)
  source.setEventHandler { told.yield() }
  source.resume()
  return source
}
for await _ in signals { break }
await site.stop()
