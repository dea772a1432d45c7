import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

@Suite struct SavedSessionTests {
  private func transcript(_ lines: String...) -> Transcript { Transcript(lines: lines) }

  @Test func idsMeanNothing() {
    let first: JSONValue = [
      "command": "output", "spec": ["type": "buttons", "callback_id": "callback-3", "buttons": []], "task_id": "a-1",
    ]
    let second: JSONValue = [
      "command": "output", "spec": ["type": "buttons", "callback_id": "callback-9", "buttons": []], "task_id": "a-2",
    ]
    #expect(Transcript([first]) == Transcript([second]))
    #expect(Transcript([first]) != Transcript([["command": "output", "spec": ["type": "buttons"]]]))
  }

  @Test func differencesAreTheFewest() {
    let old = transcript("a", "b", "c", "d")
    #expect(old.differences(from: old) == [])
    #expect(transcript("a", "x", "c", "d").differences(from: old) == [.gone("b"), .new("x")])
    #expect(transcript("a", "b", "new", "c", "d").differences(from: old) == [.new("new")])
    #expect(transcript("d", "a", "b", "c").differences(from: old) == [.new("d"), .gone("d")])
    #expect(transcript().differences(from: old).count == 4)
    #expect(old.differences(from: transcript()) == [.new("a"), .new("b"), .new("c"), .new("d")])
  }

  @Test func aFileIsReadAgain() throws {
    let directory = try Files.makeTemporaryDirectory("webio-saved")
    defer { try? Files.remove(directory) }
    let path = Path.join(directory, "1.json")
    let saved = SavedSession(
      app: "order", entries: [["kind": "once", "key": "a#1", "value": [1, nil]]], transcript: transcript("output \"é\"", "b"))
    try Files.create(path, Array(saved.text.utf8))
    #expect(try SavedSession(path: path) == saved)
  }

  @Test(arguments: ["", "{}", "[1]", "{\"webio-session\": 2, \"entries\": [], \"transcript\": []}"])
  func otherFilesAreRefused(text: String) throws {
    let directory = try Files.makeTemporaryDirectory("webio-saved")
    defer { try? Files.remove(directory) }
    let path = Path.join(directory, "1.json")
    try Files.create(path, Array(text.utf8))
    #expect(throws: DevError.self) { try SavedSession(path: path) }
    #expect(throws: DevError.self) { try SavedSession(path: path + "x") }
  }
}
