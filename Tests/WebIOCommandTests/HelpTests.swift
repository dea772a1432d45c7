import Foundation
import Testing
import WebIOPosix

@testable import WebIOCommand

/// Help, completions and the man page come from the tables, and so does what is true of them.
@Suite struct HelpTests {
  @Test(arguments: CommandTable.entries.map(\.name)) func everyFlagIsEverywhere(name: String) throws {
    let entry = try #require(CommandTable.entry(name))
    let help = try Help.text(name)
    for flag in entry.flags {
      if name != "help" { #expect(help.contains("  \(flag.usage)  "), "help") }
      #expect(ManPage.text.contains(".B \(flag.usage.replacingOccurrences(of: "-", with: "\\-"))\n"), "man \(flag.usage)")
      for shell in Completions.shells {
        let script = try Completions.script(shell)
        #expect(script.contains(shell == "fish" ? "-l \(flag.name) " : "--\(flag.name)"), "\(shell) --\(flag.name)")
      }
    }
    #expect(!entry.examples.isEmpty)
    for example in entry.examples { #expect(example.hasPrefix("webio \(name)"), "\(example)") }
    #expect(Help.topics.contains(name))
    #expect(Help.overview.contains("  \(entry.usage)"))
  }

  /// The examples are what the command takes.
  @Test func examplesAreRight() throws {
    for entry in CommandTable.entries {
      for example in entry.examples {
        let words = example.prefix { $0 != ">" }.split(separator: " ").map(String.init).dropFirst(2)
        _ = try Arguments(Array(words), flags: entry.flags, maximum: 2)
      }
    }
  }

  @Test func everyTopicHasAText() throws {
    for topic in Help.topics { #expect(try !Help.text(topic).isEmpty) }
    #expect(throws: CommandError.self) { try Help.text("nothing") }
    for code in [0, 1, 2, 3, 4, 5, 130, 143] {
      #expect(try Help.text("exit-codes").contains("  \(String(repeating: " ", count: 3 - "\(code)".count))\(code)  "))
    }
  }

  /// What the sources read from the environment under our name is told.
  @Test func everyVariableIsTold() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    let told = try Help.text("environment")
    var found: Set<String> = []
    for case let file as URL in FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)!
    where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /"(WEBIO_[A-Z_]+)"/) { found.insert(String(match.1)) }
    }
    // What `ssh` is started with, so that its end can be told from another's.
    found.remove("WEBIO_ALIVE")
    #expect(found.count > 6)
    for name in found.sorted() { #expect(told.contains("  \(name) "), "\(name)") }
  }

  @Test func theManPageIsOne() throws {
    let path = try #require(Environment.executable("man"), ".ci/install --tests brings man-db and groff")
    let file = try Files.makeTemporaryDirectory("webio-man")
    defer { try? Files.remove(file) }
    let page = Path.join(file, "webio.1")
    try Files.create(page, Array(ManPage.text.utf8))
    let (status, output) = Subprocess.run(path, ["--warnings=all", "-l", page])
    #expect(status.isSuccess)
    #expect(!output.contains("warning"), "\(output.prefix(600))")
    #expect(output.contains("webio dev [PATH]"))
  }

  @Test func shellsCompleteByThem() throws {
    func run(_ shell: String, _ script: String) throws -> String {
      let path = try #require(Environment.executable(shell), ".ci/install --tests brings \(shell)")
      let directory = try Files.makeTemporaryDirectory("webio-completions")
      defer { try? Files.remove(directory) }
      let file = Path.join(directory, "_webio")
      try Files.create(file, Array(try Completions.script(shell).utf8))
      let (status, output) = Subprocess.run(path, ["-c", script.replacingOccurrences(of: "FILE", with: file)])
      #expect(status.isSuccess, "\(output)")
      return output
    }
    let bash = """
      source FILE; try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _webio; echo "${COMPREPLY[@]}"; }
      try webio d; try webio dev --st; try webio dev --state ''; try webio new he
      """
    #expect(try run("bash", bash) == "dev doctor\n--state\nreplay restart\nhello\n")
    let fish = """
      source FILE; complete -C 'webio d' | string replace -r '\\t.*' ''; complete -C 'webio dev --sta' | string replace -r '\\t.*' ''
      complete -C 'webio dev --state ' | string replace -r '\\t.*' ''
      """
    #expect(try run("fish", fish) == "dev\ndoctor\n--state\nreplay\nrestart\n")
    // The completion system of zsh needs a terminal; here its definitions are read.
    let zsh = "autoload -Uz compinit; compinit -u -D; source FILE; print ${_comps[webio]}"
    #expect(try run("zsh", zsh) == "_webio\n")
  }

  @Test(arguments: [
    ("Swift version 6.3.1 (swift-6.3.1-RELEASE)\nTarget: x86_64", "6.3.1"),
    ("swift-driver version: 1.2 Swift version 6.10 (x)", "6.10"),
  ])
  func versionsAreRead(output: String, text: String) {
    #expect(Checkup.version(in: output)?.text == text)
  }

  @Test func keysAreRead() {
    #expect(DevKey(typed: "r") == .rebuild)
    #expect(DevKey(typed: " R \r") == .restart)
    for text in ["", "rr", "x", "ｒ"] { #expect(DevKey(typed: text) == nil, "\(text)") }
  }
}
