import Testing
import WebIOHTTP

@testable import WebIODev

@Suite struct AppDescriptionsTests {
  @Test func aFunctionsFirstParagraphDescribesItsApp() {
    let source = """
      import WebIO

      /// The body mass index of
      /// an adult.
      ///
      /// Not for children.
      @MainActor
      func bmi() async throws {}

      // no documentation
      func plain() async throws {}

      /// Talks
      /// to everybody.
      public func talk() async throws { putText("/// no comment") }

      try await startServer(["chat": talk, "weight": bmi, "plain": plain])
      """
    #expect(
      AppDescriptions([source]).texts == [
        "bmi": "The body mass index of an adult.", "weight": "The body mass index of an adult.", "talk": "Talks to everybody.",
        "chat": "Talks to everybody.",
      ])
  }

  @Test func theIndexIsWhatStartServerIsGiven() {
    let function = "/// One app.\nfunc one() async throws {}\n"
    #expect(AppDescriptions([function, "try await startServer(one, port: 80)"]).texts["index"] == "One app.")
    #expect(AppDescriptions(["/// A closure.\ntry await startServer {\n}"]).texts == ["index": "A closure."])
    #expect(
      AppDescriptions([function, "try await startServer([Application(\"first\", one)])"]).texts["first"] == "One app.")
    #expect(AppDescriptions([function, "try await startServer(two)"]).texts["index"] == nil)
  }

  @Test func theAppFindsThemInItsEnvironment() throws {
    let descriptions = AppDescriptions(["/// Says \"hello\" <b>&</b>\nfunc hello() {}\ntry startServer(hello)"])
    let text = try #require(descriptions.environment["WEBIO_DESCRIPTIONS"] ?? nil)
    #expect(try JSONParser.parse(Array(text.utf8))["index"]?.string == "Says \"hello\" <b>&</b>")
    #expect(AppDescriptions([]).environment == ["WEBIO_DESCRIPTIONS": String?.none])
    #expect(AppDescriptions(["/// \(String(repeating: "x", count: 5_000))\nfunc long() {}"]).texts["long"]?.count == 300)
  }
}
