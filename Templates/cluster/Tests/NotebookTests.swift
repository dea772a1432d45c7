import Testing
import WebIOTesting

@testable import {{module}}

@Test func linesAreKept() async throws {
  let app = try await TestSession(notebook)
  try await app.answer("first")
  try await app.answer("second")
  #expect(app.text.contains("1: first"))
  #expect(app.text.contains("2: second"))
}
