import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

@Suite struct SessionLogTests {
  private static func answer(_ label: String, type: String = "text", _ data: JSONValue = "x") -> JSONValue {
    [
      "kind": "answer", "task": "main", "data": ["data": data],
      "question": ["label": .string(label), "fields": [["name": "data", "type": .string(type)]]],
    ]
  }

  private static func message(_ operation: String, _ id: String, _ more: JSONObject = [:]) -> JSONValue {
    var object: JSONObject = ["op": .string(operation), "session": .string(id)]
    for (name, value) in more.members { object[name] = value }
    return .object(object)
  }

  @EventLoop private final class Reports {
    var events: [SessionLogs.Event] = []
    var living: Set<String> = []
    lazy var logs = SessionLogs(isLiving: { self.living.contains($0) }, report: { self.events.append($0) })
  }

  private func takeBack(_ log: inout SessionLog) -> Bool { log.takeBack() }

  @Test func theLastAnswerIsTakenBackWithAllBehindIt() {
    var log = SessionLog()
    log.append(Self.answer("Name"))
    log.append(Self.answer("City"))
    log.append(["kind": "reply", "task": "main", "command": "c", "data": 1])
    #expect(takeBack(&log) == true)
    #expect(log.entries == [Self.answer("Name")])
    #expect(takeBack(&log) == true)
    #expect(takeBack(&log) == false)
  }

  @Test func whatTheNewCodeHasNotComeToIsNotTheLastAnswer() {
    var log = SessionLog()
    log.replace([Self.answer("Name"), Self.answer("City")], position: 1)
    #expect(takeBack(&log) == true)
    #expect(log.entries.isEmpty)
  }

  @Test func passwordsAreNotSaved() {
    var log = SessionLog()
    log.append(Self.answer("Password", type: "password", "secret"))
    log.append(Self.answer("Name", "Ada"))
    #expect(log.withoutSecrets[0]["data"]?["data"] == "********")
    #expect(log.withoutSecrets[1]["data"]?["data"] == "Ada")
  }

  @Test @EventLoop func anAppGetsWhatAnotherHasSaid() throws {
    let reports = Reports()
    reports.living = ["Name"]
    #expect(reports.logs.receive(Self.message("want", "s"))?["entries"] == [])
    _ = reports.logs.receive(Self.message("append", "s", ["entry": Self.answer("Name")]))
    _ = reports.logs.receive(Self.message("append", "s", ["entry": Self.answer("City")]))
    let log = try #require(reports.logs.receive(Self.message("want", "s")))
    #expect(log["entries"] == [Self.answer("Name"), Self.answer("City")])
    #expect(log["labels"] == ["Name"])
    _ = reports.logs.receive(Self.message("settled", "s", ["kept": 2, "total": 2]))
    #expect(reports.events == [.replayed(kept: 2, total: 2)])
  }

  /// Its page shows nothing until it hears that the replay is over.
  @Test @EventLoop func aSessionWithoutAnswersHasAnEmptyReplay() {
    let reports = Reports()
    #expect(reports.logs.receive(Self.message("want", "s"))?["entries"] == [])
    _ = reports.logs.receive(Self.message("settled", "s", ["kept": 0, "total": 0]))
    #expect(reports.logs.count == 0 && reports.logs["s"] == nil)
  }

  @Test @EventLoop func aReplayThatKillsTheAppIsNotTriedAgain() {
    let reports = Reports()
    _ = reports.logs.receive(Self.message("append", "s", ["entry": Self.answer("Name")]))
    _ = reports.logs.receive(Self.message("append", "s", ["entry": Self.answer("City")]))
    _ = reports.logs.receive(Self.message("append", "other", ["entry": Self.answer("Name")]))
    _ = reports.logs.receive(Self.message("want", "s"))
    _ = reports.logs.receive(Self.message("reached", "s", ["position": 1]))
    reports.logs.appCrashed()
    let first = reports.logs.receive(Self.message("want", "s"))
    #expect(first?["entries"] == [])
    #expect(first?["note"]?.string?.contains("after answer 1, near “City”") == true, "\(first ?? nil)")
    #expect(reports.logs.receive(Self.message("want", "s"))?["entries"] == [])
    #expect(reports.logs.receive(Self.message("want", "other"))?["entries"]?.array?.count == 1)
  }

  @Test @EventLoop func newerCodeGetsWhatCrashedTheLast() {
    let reports = Reports()
    _ = reports.logs.receive(Self.message("append", "s", ["entry": Self.answer("Name")]))
    _ = reports.logs.receive(Self.message("want", "s"))
    reports.logs.appCrashed()
    #expect(reports.logs.receive(Self.message("want", "s"))?["entries"] == [])
    // The page that started anew has nothing to say yet.
    _ = reports.logs.receive(Self.message("replace", "s", ["entries": [], "position": 0]))
    reports.logs.newBuild()
    #expect(reports.logs.receive(Self.message("want", "s"))?["entries"] == [Self.answer("Name")])
  }

  @Test @EventLoop func newAnswersTakeThePlaceOfWhatCrashed() {
    let reports = Reports()
    _ = reports.logs.receive(Self.message("append", "s", ["entry": Self.answer("Name")]))
    _ = reports.logs.receive(Self.message("want", "s"))
    reports.logs.appCrashed()
    _ = reports.logs.receive(Self.message("want", "s"))
    _ = reports.logs.receive(Self.message("append", "s", ["entry": Self.answer("City")]))
    reports.logs.newBuild()
    #expect(reports.logs.receive(Self.message("want", "s"))?["entries"] == [Self.answer("City")])
  }

  @Test @EventLoop func aCrashAtOnceAfterTheReplayIsTheReplaysAndALaterOneIsNot() {
    let reports = Reports()
    for id in ["s", "t"] {
      _ = reports.logs.receive(Self.message("append", id, ["entry": Self.answer("Name")]))
      _ = reports.logs.receive(Self.message("want", id))
      _ = reports.logs.receive(Self.message("settled", id))
    }
    // This visitor has gone on.
    _ = reports.logs.receive(Self.message("append", "t", ["entry": Self.answer("City")]))
    reports.logs.appCrashed(at: .now + .seconds(1))
    #expect(reports.logs.receive(Self.message("want", "s"))?["entries"] == [])
    #expect(reports.logs.receive(Self.message("want", "t"))?["entries"]?.array?.count == 2)
    _ = reports.logs.receive(Self.message("settled", "t"))
    reports.logs.appCrashed(at: .now + .seconds(10))
    #expect(reports.logs.receive(Self.message("want", "t"))?["entries"]?.array?.count == 2)
  }

  @Test @EventLoop func theSessionsUsedLeastRecentlyAreForgotten() {
    let reports = Reports()
    for number in 0...200 { _ = reports.logs.receive(Self.message("append", "s\(number)", ["entry": Self.answer("Name")])) }
    #expect(reports.logs.count == 200)
    #expect(reports.logs["s0"] == nil && reports.logs["s1"] != nil && reports.logs.latest == "s200")
  }

  @Test func literalsAreFoundInSources() {
    let source = #"""
      let name = try await input("Your \"name\"?") // it's "odd
      putText("a\\") ; input("City")
      """#
    let text = SourceSnapshot(["main.swift": Array(source.utf8)])
    #expect(text.contains(literal: "Your \"name\"?"))
    #expect(text.contains(literal: "a\\"))
    #expect(text.contains(literal: "City"))
    #expect(!text.contains(literal: "Cit"))
    #expect(!text.contains(literal: "odd"))
  }
}
