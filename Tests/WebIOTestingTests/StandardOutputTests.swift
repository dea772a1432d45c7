import Testing
import WebIO
import WebIOTesting

/// One after the other: a process has one standard output.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StandardOutputTests {
  @Test func printsComeToThePage() async throws {
    let app = try await TestSession {
      try putLogbox("log")
      try await redirectStdout(to: { logboxAppend("log", $0) }) {
        print("first äöü 🎈")
        await Task.yield()
        print("second")
        do { try redirectStdout {} } catch { putText("refused") }
      }
      try redirectStdout { print("third") }
    }
    #expect(app.text == "first äöü 🎈\nsecond\n\nrefused\nthird\n", "\(app.text)")
    #expect(app.errors == [])
  }

  @Test func threadsPrintToo() async throws {
    let app = try await TestSession(blocking: {
      let four = try redirectStdout {
        print("from a thread")
        return 2 + 2
      }
      putText(four)
    })
    #expect(app.text == "from a thread\n\n4")
  }
}
