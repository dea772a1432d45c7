import Testing
import WebIOTesting

@testable import {{module}}

@Test func greetsByName() async throws {
  let app = try await TestSession(hello)
  try await app.answer("Ada")
  #expect(app.text.contains("Hello, Ada!"))
}
