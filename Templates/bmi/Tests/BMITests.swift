import Testing
import WebIOTesting

@testable import {{module}}

@Test func tellsTheIndex() async throws {
  let app = try await TestSession(bmi)
  try await app.answer(180, 75)
  #expect(app.text.contains("Your index is 23.1: normal."))
}

@Test func refusesImpossibleMeasures() async throws {
  let app = try await TestSession(bmi)
  await #expect(throws: TestSessionError.self) { try await app.answer(1.8, 75) }
  #expect(app.form?["Height (cm)"]?.error == "Between 50 and 280, please")
}

@Test func asksOnceMore() async throws {
  let app = try await TestSession(bmi)
  try await app.answer(180, 75)
  try await app.click("Once more")
  try await app.answer(180, 90)
  #expect(app.text.contains("Your index is 27.8: overweight."))
}

@Test(arguments: [(18.4, "underweight"), (18.5, "normal"), (25, "overweight"), (30, "obese")])
func knowsTheLimits(index: Double, expected: String) {
  #expect(verdict(index) == expected)
}
