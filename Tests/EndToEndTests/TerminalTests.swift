import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What a person sees in the terminal, and the keys that are pressed there.
  @Suite struct TerminalTests {
    @Test(.timeLimit(.minutes(3))) func devInATerminal() async throws {
      let project = try await Fixture.shared.project()
      let terminal = try Program(
        WebioCommand.path, ["dev", "--no-open"], directory: project.path,
        environment: WebioCommand.environment(project.directory).merging(["TERM": "xterm-256color"]) { $1 },
        inTerminal: true)
      defer { terminal.killAll() }
      try await see("http://", in: terminal, within: .seconds(120))

      try project.save(project.edited("putText(\"Hello", "putTxt(\"Hello"))
      try await see("cannot find 'putTxt' in scope", in: terminal, within: .seconds(60))
      try await see("Sources/main.swift:6:3", in: terminal)
      try project.restore()
      try await eventually("the good build is told", within: .seconds(60), state: { terminal.outputText }) {
        terminal.outputText.components(separatedBy: "built in ").count > 2
      }

      terminal.type("\u{3}")
      #expect(try await terminal.waitForEnd(within: .seconds(10)) == .exited(130))
      try await eventually("nothing is left", within: .seconds(1)) { Processes.marked(terminal.mark).isEmpty }

      let written = terminal.outputText
      try Artifacts.save("terminal.txt", written)
      let python = try await PythonServer()
      try python.directory.write("terminal.html", TerminalPicture.page(written))
      let browser = try await Fixture.shared.browser()
      try await browser.open("http://127.0.0.1:\(python.port)/terminal.html")
      try await browser.screenshot("terminal")
    }

    /// Into a pipe, as a script reads it: no colours, no control characters.
    @Test(.timeLimit(.minutes(3))) func devIntoAPipe() async throws {
      let project = try await Fixture.shared.project()
      let program = try Program(
        WebioCommand.path, ["dev", project.path, "--no-open"], environment: WebioCommand.environment(project.directory))
      defer { program.killAll() }
      try await eventually("the URL", within: .seconds(120), state: { program.errorText }) {
        program.errorText.contains("http://")
      }
      program.interrupt()
      #expect(try await program.waitForEnd(within: .seconds(10)) == .exited(130))
      let controls = (program.errorText + program.outputText).unicodeScalars.filter { $0.value < 32 && $0 != "\n" }
      #expect(controls.isEmpty, "\(program.errorText.debugDescription)")
    }

    private func see(_ text: String, in terminal: Program, within limit: Duration = .seconds(10)) async throws {
      try await eventually("the terminal shows \(text)", within: limit, state: { terminal.outputText }) {
        // Colours may stand between the words.
        terminal.outputText.replacing(/\u{1B}\[[0-9;]*[mK]/, with: "").contains(text)
      }
    }
  }
}
