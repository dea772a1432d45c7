import Testing
import WebIOHTTP

@testable import WebIO

@Suite struct FormTests {
  private func event(_ json: String) throws -> Event {
    try #require(Event(try JSONParser.parse(Array(json.utf8))))
  }

  private func submit(_ data: String) throws -> Event {
    try event(#"{"event":"from_submit","task_id":"t","data":\#(data)}"#)
  }

  @Test func singleAnswerHasItsType() throws {
    let form = Form(single: InputItem<Int>.input("Age", type: .number).field)
    guard case .answered(let values) = form.receive(try submit(#"{"data":42}"#)) else {
      Issue.record("not answered")
      return
    }
    #expect(values[0] as? Int == 42)
  }

  @Test(arguments: [
    #"{"data":null}"#, #"{"data":""}"#, #"{"data":"42"}"#, #"{"data":4.5}"#, #"{"data":[1]}"#, #"{"data":1e300}"#,
    #"{}"#, #"[]"#, #"{"data":{"a":1}}"#,
  ])
  func wrongTypesFromAHostilePageAreRefused(_ data: String) throws {
    let form = Form(single: InputItem<Int>.input("Age", type: .number).field)
    guard case .mark(let marks) = form.receive(try submit(data)) else {
      Issue.record("\(data) was taken")
      return
    }
    #expect(marks.count == 1 && marks[0].name == "data" && marks[0].text != nil)
  }

  @Test func validatorRunsOnBlurAndOnSubmit() throws {
    let item = InputItem<Int>.input("Age", type: .number, validate: { $0 < 150 ? nil : "Really?" })
    let form = Form(single: item.field)
    let blur = #"{"event":"input_event","task_id":"t","data":{"event_name":"blur","name":"data","value":200}}"#
    guard case .mark(let onBlur) = form.receive(try event(blur)),
      case .mark(let onSubmit) = form.receive(try submit(#"{"data":200}"#))
    else {
      Issue.record("200 was taken")
      return
    }
    #expect(onBlur[0].text == "Really?" && onSubmit[0].text == "Really?")
  }

  @Test func throwingValidatorMakesTheAnswerInvalid() throws {
    struct Broken: Error {}
    let form = Form(single: InputItem<String>.input("Name", validate: { _ in throw Broken() }).field)
    guard case .mark(let marks) = form.receive(try submit(#"{"data":"x"}"#)) else {
      Issue.record("taken")
      return
    }
    #expect(marks[0].text == "Your input is not valid")
  }

  @Test func optionalNumberMayStayEmpty() throws {
    let form = Form(single: InputItem<Int?>.input("Age", type: .optional(.number)).field)
    guard case .answered(let values) = form.receive(try submit(#"{"data":null}"#)) else {
      Issue.record("refused")
      return
    }
    #expect(values[0] as? Int? == .some(nil))
  }

  @Test func aDisabledOrInventedOptionIsRefused() throws {
    let item = InputItem<String>.select("Size", options: [Option("S", "s"), Option("M", "m", disabled: true)])
    let form = Form(single: item.field)
    for data in [#"{"data":"m"}"#, #"{"data":"xl"}"#, #"{"data":null}"#] {
      guard case .mark = form.receive(try submit(data)) else {
        Issue.record("\(data) was taken")
        continue
      }
    }
    guard case .answered = form.receive(try submit(#"{"data":"s"}"#)) else {
      Issue.record("s was refused")
      return
    }
  }

  @Test func groupMarksEachWrongFieldAndThenAsksItsOwnValidator() throws {
    let form = try Form(
      label: "You",
      fields: [
        InputItem<String>.input("Name", name: "name", required: true).field,
        InputItem<Int>.input("Age", type: .number, name: "age").field,
      ], cancelable: false,
      validate: { values in values[1] as? Int == 7 ? InvalidField("age", "Too young") : nil })
    guard case .mark(let wrong) = form.receive(try submit(#"{"name":"","age":null}"#)) else {
      Issue.record("taken")
      return
    }
    #expect(wrong.map(\.name) == ["name", "age"])
    guard case .mark(let young) = form.receive(try submit(#"{"name":"Ada","age":7}"#)) else {
      Issue.record("taken")
      return
    }
    #expect(young.map(\.name) == ["age"] && young[0].text == "Too young")
    guard case .answered = form.receive(try submit(#"{"name":"Ada","age":36}"#)) else {
      Issue.record("refused")
      return
    }
  }

  @Test func namesAreChecked() {
    let field = InputItem<String>.input("a", name: "x").field
    #expect(throws: WebIOError.duplicateName("x")) {
      try Form(label: "", fields: [field, field], cancelable: false, validate: nil)
    }
    let bad = InputItem<String>.input("a", name: "a b").field
    #expect(throws: WebIOError.invalidName("a b")) {
      try Form(label: "", fields: [bad], cancelable: false, validate: nil)
    }
  }
}
