import Foundation
import TestSupport
import Testing

/// Programs without `startServer`: their input and output functions open a page and wait.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ScriptTests {
  private static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/TestServer"
  }()

  private func start(_ kind: String, _ environment: [String: String] = [:]) throws -> Program {
    try Program(
      Self.path, ["script", kind],
      environment: environment.merging(["BROWSER": "none", "WEBIO_RECONNECT": "0.2"]) { own, _ in own })
  }

  private func port(of program: Program) async throws -> UInt16 {
    try await eventually("the program says its address", state: { program.errorText }) {
      program.errorText.split(separator: "\n").first { $0.contains("serving at http") }
        .flatMap { UInt16($0.split(separator: ":").last ?? "") }
    }
  }

  @Test(arguments: ["ask", "block"]) func aProgramAsksAndEnds(_ kind: String) async throws {
    let program = try start(kind)
    defer { program.killAll() }
    let page = try SessionProbe(port: try await port(of: program))
    let form = try page.command("input_group")
    #expect(form["spec"]["label"].string == "Name?")
    try page.submit(form, ["data": "Ada"])
    _ = try page.command { $0["spec"]["content"].string == "Hello, Ada!" }
    _ = try page.command("close_session")
    page.close()
    #expect(try await program.waitForEnd() == .exited(0))
    #expect(program.outputText == "done\n")
  }

  /// The page comes when all is said and done, and still gets all of it.
  @Test func theLastOutputArrives() async throws {
    let program = try start("tell")
    defer { program.killAll() }
    let port = try await port(of: program)
    try await eventually("the program is done") { program.outputText == "done\n" }
    let page = try SessionProbe(port: port)
    for number in 1...5_000 {
      let output = try page.command("output")
      #expect(output["spec"]["content"].string?.hasPrefix("line \(number) ") == true)
    }
    _ = try page.command("close_session")
    page.close()
    #expect(try await program.waitForEnd() == .exited(0))
  }

  /// Buttons keep a page alive, and the program ends when its visitor leaves.
  @Test func buttonsWorkUntilTheVisitorLeaves() async throws {
    let program = try start("button")
    defer { program.killAll() }
    let page = try SessionProbe(port: try await port(of: program))
    let button = try page.command("output")["spec"]["callback_id"]
    try page.send(event: "callback", task: button, 0)
    _ = try page.command { $0["spec"]["content"].string == "clicked" }
    page.close()
    #expect(try await program.waitForEnd() == .exited(0))
    #expect(program.outputText == "done\ndeferred\n")
  }

  @Test func theVisitorLeavesAQuestionUnanswered() async throws {
    let program = try start("ask")
    defer { program.killAll() }
    let page = try SessionProbe(port: try await port(of: program))
    _ = try page.command("input_group")
    page.close()
    #expect(try await program.waitForEnd() == .exited(0))
    #expect(program.errorText.contains("The page was closed: the program ends."), Comment(rawValue: program.errorText))
  }

  @Test func aPortThatIsTakenIsTold() async throws {
    let first = try start("ask")
    defer { first.killAll() }
    let second = try start("ask", ["WEBIO_PORT": "\(try await port(of: first))"])
    defer { second.killAll() }
    #expect(try await second.waitForEnd() == .exited(1))
    #expect(second.errorText.contains("is taken by TestServer"), Comment(rawValue: second.errorText))
  }
}
