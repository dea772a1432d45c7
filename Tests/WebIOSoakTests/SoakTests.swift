import Foundation
import Glibc
import Testing
import WebIO
import WebIOTesting

/// Sessions come and go, and leave nothing. `WEBIO_SOAK=10000` runs more of them.
@Suite(.serialized) struct SoakTests {
  @Test(.timeLimit(.minutes(5))) func closedSessionsLeaveNothing() async throws {
    let count = ProcessInfo.processInfo.environment["WEBIO_SOAK"].flatMap { Int($0) } ?? 1000
    try await visit(200)
    let before = try Usage()
    try await visit(count)
    // Threads end after their session has, and the timer of a step keeps its task until it is over: both are waited for.
    // A session that stays is some 20 KB; what the allocator cannot give back after thousands of tasks at once is less.
    let memory = before.memory + min(24 << 20, 2 << 20 + 2_000 * count)
    var after = try Usage()
    while after.threads > before.threads + 2 || after.descriptors > before.descriptors || after.memory > memory {
      try await Task.sleep(for: .milliseconds(200))
      after = try Usage()
    }
    print("soak: \(count) sessions, before \(before), after \(after)")
  }

  /// Each fourth visitor answers, the others leave: with a form, a second task and a thread waiting.
  private func visit(_ count: Int) async throws {
    for number in 0..<count {
      let app = try await TestSession(timeout: .seconds(5)) {
        putTable([["Name", "Do"], ["Ada", .button("Greet") { toast("Hello") }]])
        try runAsync { _ = try await input("Beside") }
        try runThread { _ = try input("In a thread") }
        putText(try await input("Name"))
      }
      if number.isMultiple(of: 4) {
        try await app.answer("Ada", to: "Name")
        try await app.click("Greet")
      }
      try await app.leave()
    }
  }

  private struct Usage {
    let descriptors: Int
    let threads: Int
    /// Resident bytes, when the allocator has given back what it can. See malloc_trim(3).
    let memory: Int

    init() throws {
      descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
      typealias Trim = @convention(c) (Int) -> Int32
      if let trim = dlsym(nil, "malloc_trim") { _ = unsafeBitCast(trim, to: Trim.self)(0) }
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
      memory = (Int(pages[1]) ?? 0) * 4096
    }
  }
}
