import Testing

@testable import WebIOCommand

/// A mistake gets a sentence and the next step: the word that was meant, or where to read on.
@Suite struct MistakeTests {
  @Test(arguments: [("prot", "port"), ("opne", "open"), ("no-opn", "no-open"), ("shar", "share")])
  func aSlipOfTheFingerIsSeen(_ typed: String, _ meant: String) {
    #expect(nearest(to: typed, among: ["port", "open", "no-open", "share", "qr"]) == meant)
  }

  @Test(arguments: ["zzz", "x", "", "something"])
  func anotherWordIsNotTakenForOne(_ typed: String) {
    #expect(nearest(to: typed, among: ["port", "open", "qr"]) == nil)
  }

  @Test func adviceIsThatOfTheCommand() {
    let error = CommandError.usage("--port abc is no port.")
    #expect(error.advised(for: ["dev", "--port", "abc"]).advice == "Run `webio dev --help` to see what it takes.")
    #expect(error.advised(for: ["nothing"]).advice == "Run `webio help` to see what it takes.")
    #expect(CommandError.usage("", advice: "This.").advised(for: ["dev"]).advice == "This.")
    #expect(CommandError(.failed, "").advised(for: ["dev"]).advice == nil)
  }
}
