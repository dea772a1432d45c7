import Testing
import WebIOTesting

@testable import {{module}}

@Test func welcomesWhoSignsUp() async throws {
  let app = try await TestSession(signUp)
  try await app.answer(fields: [
    "name": "Ada", "password": "difference", "again": "difference", "age": 36, "plan": "Team",
    "interests": ["Swift", "Tea"],
  ])
  #expect(app.text.contains("Welcome, Ada!"))
  #expect(app.text.contains("Age\t36\nPlan\tteam\nInterests\tSwift, Tea"))
}

@Test func theAgeMayBeLeftOut() async throws {
  let app = try await TestSession(signUp)
  try await app.answer("Ada", "difference", "difference")
  #expect(app.text.contains("Age\tnot told\nPlan\tfree\nInterests\tnone"))
}

@Test func passwordsMustBeLongAndTheSame() async throws {
  let app = try await TestSession(signUp)
  await #expect(throws: TestSessionError.invalid(["password": "At least 8 characters"])) {
    try await app.answer("Ada", "short", "short")
  }
  await #expect(throws: TestSessionError.invalid(["again": "The two passwords differ"])) {
    try await app.answer("Ada", "difference", "analytical")
  }
}
