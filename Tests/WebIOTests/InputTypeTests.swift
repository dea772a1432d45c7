import Testing
import WebIOHTTP

@testable import WebIO

/// The wire name of each type of `input`, and the Swift value of what a page sends for it.
@Suite struct InputTypeTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let sent: JSONValue
    let field: Field
    /// How the answer prints.
    let value: String
    let type: any Any.Type
    var testDescription: String { "\(name) \(value)" }

    init<Value: Sendable>(_ name: String, _ type: InputType<Value>, _ sent: JSONValue, _ value: Value) {
      self.name = name
      self.sent = sent
      self.value = String(describing: value)
      self.type = Value.self
      field = InputItem<Value>.input("", type: type, value: value).field
    }
  }

  static let rows: [Row] = [
    Row("text", .text, " Ada ", " Ada "), Row("text", .text, "", ""), Row("password", .password, "x", "x"),
    Row("url", .url, "https://example.org", "https://example.org"), Row("email", .email, "a@b", "a@b"),
    Row("search", .search, "x", "x"), Row("tel", .tel, "+49 1", "+49 1"),
    Row("number", .number, -42, -42), Row("number", .number, 2.0, 2),
    Row("float", .float, 2.5, 2.5), Row("float", .float, 3, 3.0),
    Row("date", .date, "2024-02-29", CalendarDate(year: 2024, month: 2, day: 29)!),
    Row("time", .time, "09:05", ClockTime(hour: 9, minute: 5)!),
    Row("time", .time, "23:59:59", ClockTime(hour: 23, minute: 59)!),
    Row(
      "datetime-local", .dateTime, "2026-11-21T14:30",
      LocalDateTime(CalendarDate(year: 2026, month: 11, day: 21)!, ClockTime(hour: 14, minute: 30)!)),
    Row("month", .month, "2026-02", "2026-02"), Row("week", .week, "2026-W53", "2026-W53"),
    Row("color", .color, "#00fF7a", "#00fF7a"),
    Row("number", .optional(.number), 7, 7), Row("number", .optional(.number), nil, nil),
    Row("float", .optional(.float), "", nil), Row("date", .optional(.date), "", nil),
    Row("time", .optional(.time), "", nil), Row("datetime-local", .optional(.dateTime), "", nil),
    Row("color", .optional(.color), nil, nil), Row("text", .optional(.text), "", nil),
    Row("month", .optional(.month), "", nil),
  ]

  @Test(arguments: rows) func answersAreTyped(_ row: Row) throws {
    #expect(row.field.spec["type"].flatMap { if case .json(let json) = $0 { json.string } else { nil } } == row.name)
    guard case .valid(let value) = row.field.checked(Answer(data: row.sent), form: "") else {
      Issue.record("\(row.sent) was refused")
      return
    }
    #expect(String(describing: value) == row.value)
    #expect(Swift.type(of: value as Any) == row.type)
    // A value that is there at first travels as the page would send it.
    if case .json(let first)? = row.field.spec["value"], first != .null {
      guard case .valid(let again) = row.field.checked(Answer(data: first), form: "") else {
        Issue.record("\(first) was refused")
        return
      }
      #expect(String(describing: again) == row.value)
    }
  }

  @Test func emptyIsNoAnswerUnlessTheTypeIsOptional() {
    for field in [
      InputItem<Int>.input("", type: .number).field, InputItem<CalendarDate>.input("", type: .date).field,
      InputItem<String>.input("", type: .color).field, InputItem<String>.input("", required: true).field,
    ] {
      for empty: JSONValue in [.null, ""] {
        guard case .invalid("This field is required") = field.checked(Answer(data: empty), form: "") else {
          Issue.record("\(empty) was taken")
          continue
        }
      }
    }
  }
}
