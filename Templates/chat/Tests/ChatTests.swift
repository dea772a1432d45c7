import Testing
import WebIOTesting

@testable import {{module}}

@Test func everybodyReadsWhatOneWrites() async throws {
  let ada = try await TestSession(chat)
  let bob = try await ada.newVisitor()
  try await ada.answer("Ada")
  try await bob.answer("Bob")
  try await ada.answer("Good morning")
  for visitor in [ada, bob] {
    #expect(visitor.text(in: "messages") == "Ada came in\nBob came in\n**Ada** Good morning")
  }
}

@Test func theOthersHearWhoLeft() async throws {
  let ada = try await TestSession(chat)
  let bob = try await ada.newVisitor()
  try await ada.answer("Ada")
  try await ada.leave()
  try await bob.wait(for: "Ada left")
}

@Test func messagesAreTextNotMarkdown() {
  #expect(escape("*so* [what](x)") == #"\*so\* \[what\]\(x\)"#)
}
