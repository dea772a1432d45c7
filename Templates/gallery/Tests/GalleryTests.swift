import Testing
import WebIOTesting

@testable import {{module}}

@Test(arguments: [
  ("Tables and charts", data), ("Layout", layout), ("Things that change", live), ("Inputs that stay", pins),
  ("Text and pictures", text), ("Questions", inputs),
])
func eachPageComesUp(title: String, page: @escaping @Sendable () async throws -> Void) async throws {
  let app = try await TestSession(page)
  #expect(app.text.hasPrefix("# \(title)"))
  #expect(app.errors == [])
}

@Test func questionsGetTheirAnswers() async throws {
  let app = try await TestSession(inputs)
  await #expect(throws: TestSessionError.invalid(["data": "At least two letters"])) { try await app.answer("A") }
  try await app.answer("Ada")
  try await app.answer("M")
  try await app.answer("blue")
  try await app.answer(["milk", "sugar"])
  #expect(app.text.contains("Ada") && app.text.contains("blue") && app.text.contains("milk, sugar"))
  #expect(app.form?.label == "Types")
}

@Test func changesAreShown() async throws {
  let app = try await TestSession(live)
  try await app.click("Go on")
  #expect(app.text.contains("**Done**"))
  try await app.click("Further")
  #expect(app.text.contains("80%"))
  try await app.click("Yes")
  #expect(app.toasts == ["You said Yes"])
}

@Test func pinsAreHeard() async throws {
  let app = try await TestSession(pins)
  try await app.setPin("size", to: "L")
  #expect(app.text.contains("Now L"))
  try await app.click("Greet")
  #expect(app.text.contains("Hello, Ada!"))
}
