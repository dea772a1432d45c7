import Testing
import WebIOHTTP

@testable import WebIO

/// Which recorded answer newer code gets, for each way in which code is edited.
@Suite struct ReplayLogTests {
  private static func question(_ label: String, _ type: String = "text", options: [String] = []) -> Question {
    Question([
      "label": .string(label),
      "fields": [["name": "data", "type": .string(type), "options": .array(options.map { .string($0) })]],
    ])!
  }

  private static func answer(_ label: String, _ data: String) -> JournalEntry { answer(label, "text", data) }

  private static func answer(_ label: String, _ type: String, options: [String] = [], _ data: String) -> JournalEntry {
    .answer(task: "main", question(label, type, options: options), RecordedAnswer(data: ["data": .string(data)]))
  }

  private static func click(_ label: String, nth: Int = 0, place: Int = 0) -> JournalEntry {
    .click(.init(kind: "buttons/callback_id", label: label, nth: nth, place: place), number: 1, data: nil)
  }

  private func take(_ log: inout ReplayLog, _ label: String, _ type: String = "text", options: [String] = []) -> String? {
    log.takeAnswer("main", Self.question(label, type, options: options))?.data?["data"]?.string
  }

  @Test func sameQuestionsGetTheirAnswers() {
    var log = ReplayLog([Self.answer("Name", "Ada"), Self.answer("Age", "number", "36")])
    #expect(take(&log, "Name") == "Ada")
    #expect(take(&log, "Age", "number") == "36")
    #expect(log.kept == 2 && log.pending.isEmpty && log.taken.count == 2)
  }

  @Test func anEditedLabelIsTheSameQuestion() {
    var log = ReplayLog([Self.answer("Name", "Ada"), Self.answer("City", "London")])
    #expect(take(&log, "Your name, please") == "Ada")
    #expect(take(&log, "City") == "London")
  }

  @Test func anInsertedQuestionOfAnotherTypeIsAskedAndTheRestIsKept() {
    var log = ReplayLog([Self.answer("Name", "Ada"), Self.answer("City", "London")])
    #expect(take(&log, "Name") == "Ada")
    #expect(take(&log, "Age", "number") == nil)
    log.record(Self.answer("Age", "number", "36"))
    #expect(take(&log, "City") == "London")
    #expect(log.entries == [Self.answer("Name", "Ada"), Self.answer("Age", "number", "36"), Self.answer("City", "London")])
  }

  @Test func anInsertedQuestionOfTheSameTypeIsToldByTheLabelsThatTheSourceStillHas() {
    var log = ReplayLog([Self.answer("Name", "Ada"), Self.answer("City", "London")], livingLabels: ["Name", "City"])
    #expect(take(&log, "Name") == "Ada")
    #expect(take(&log, "E-mail") == nil)
    #expect(take(&log, "City") == "London")
  }

  @Test func aRemovedQuestionIsSkipped() {
    var log = ReplayLog([Self.answer("Name", "Ada"), Self.answer("City", "London"), Self.answer("Zip", "N1")])
    #expect(take(&log, "Name") == "Ada")
    #expect(take(&log, "Zip") == "N1")
    #expect(log.pending.isEmpty)
  }

  @Test func fourRemovedQuestionsAreTooMany() {
    let removed = ["a", "b", "c", "d"].map { Self.answer($0, "number", "1") }
    var log = ReplayLog(removed + [Self.answer("Name", "Ada")])
    #expect(take(&log, "Name") == nil)
  }

  @Test func reorderedQuestionsLoseWhatWasPassedBy() {
    var log = ReplayLog([Self.answer("Name", "Ada"), Self.answer("Age", "number", "36")])
    #expect(take(&log, "Age", "number") == "36")
    #expect(take(&log, "Name") == nil)
  }

  @Test func anAddedOrRemovedOptionLeavesTheQuestion() {
    var log = ReplayLog([Self.answer("Size", "radio", options: ["S", "M"], "M")])
    #expect(take(&log, "Size", "radio", options: ["S", "M", "L"]) == "M")
    log = ReplayLog([Self.answer("Size", "radio", options: ["S", "M"], "M")])
    // The new code's own check then finds that M is none any more.
    #expect(take(&log, "Size", "radio", options: ["S"]) == "M")
    log = ReplayLog([Self.answer("Size", "radio", options: ["S", "M"], "M")])
    #expect(take(&log, "Colour", "radio", options: ["red", "green"]) == nil)
  }

  @Test func aClickComesBeforeTheAnswersBehindIt() {
    var log = ReplayLog([Self.answer("Name", "Ada"), Self.click("Up"), Self.answer("City", "London")])
    #expect(take(&log, "Name") == "Ada")
    #expect(take(&log, "City") == nil)
    log.takeClick()
    #expect(take(&log, "City") == "London")
    #expect(log.kept == 3)
  }

  @Test func onceIsFoundByItsKeyWherever() {
    var log = ReplayLog([Self.answer("Name", "Ada"), .once(key: "charge#1", value: 7), Self.answer("City", "London")])
    #expect(log.takeOnce("charge#1") == 7)
    #expect(log.takeOnce("charge#1") == nil)
    #expect(log.takeOnce("mail#1") == nil)
    #expect(log.next == Self.answer("Name", "Ada"))
  }

  @Test func tasksDoNotTakeEachOthersAnswers() {
    var log = ReplayLog([
      .answer(task: "main/1", Self.question("Name"), RecordedAnswer(data: ["data": "Bob"])), Self.answer("Name", "Ada"),
    ])
    #expect(take(&log, "Name") == "Ada")
    #expect(log.takeAnswer("main/1", Self.question("Name"))?.data?["data"] == "Bob")
  }

  @Test func aFormThatWasGivenUpIsGivenUpAgain() {
    var log = ReplayLog([.answer(task: "main", Self.question("Name"), RecordedAnswer(data: nil))])
    #expect(log.takeAnswer("main", Self.question("Name")) == RecordedAnswer(data: nil))
  }

  @Test(arguments: [
    answer("Name", "Ada"), answer("Size", "radio", options: ["S", "M"], "M"), click("Up", nth: 2, place: 5),
    .answer(task: "main/2", question("Name"), RecordedAnswer(data: nil)), .once(key: "a#1", value: ["x": [1, 2.5, nil]]),
    .reply(task: "click1", command: "run_script{code:1}", data: "yes"),
  ])
  func entriesSurviveTheWire(entry: JournalEntry) throws {
    #expect(JournalEntry(try JSONParser.parse(entry.json.serialized)) == entry)
  }
}
