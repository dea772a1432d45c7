import WebIODev
import WebIOHTTP
import WebIOPosix

/// `webio replay`: runs a saved session again and shows where it differs.
struct ReplayCommand {
  static let flags = [
    Flag("update", .none, "take what the session shows now as what it has to show"),
    Flag("product", .required("NAME"), "which executable of the package to run"),
    Flag("json", .none, "print events as JSON lines on standard output"),
    Flag("toolkit", .required("PATH"), "the WebIO checkout that a single file uses"),
    Flag("toolkit-url", .required("URL@VERSION"), "the WebIO version that a single file uses"),
  ]

  private let arguments: Arguments

  init(_ words: [String]) throws {
    arguments = try Arguments(words, flags: Self.flags, maximum: 2)
    guard !arguments.positionals.isEmpty else {
      throw CommandError.usage(
        "webio replay needs the file of a session.", advice: "webio replay .webio/sessions/order.json")
    }
  }

  func run() throws -> Never {
    let file = arguments.positionals[0]
    let saved = try SavedSession(path: file)
    let toolkit = try Toolkit(arguments).forSingleFiles
    let path = arguments.positionals.count > 1 ? arguments.positionals[1] : "."
    let console = Console(json: arguments.has("json"))
    let (product, updates) = (arguments.value("product"), arguments.has("update"))
    RunLoop.run(console) { ReplayRun(file, saved, path, product, toolkit, updates: updates, console) }
  }
}

/// A rehearsal on the terminal.
@EventLoop
final class ReplayRun: LongCommand {
  private let file: String
  private var saved: SavedSession
  private let path: String
  private let product: String?
  private let toolkit: Project.Toolkit
  private let updates: Bool
  private let console: Console
  private let output: DevOutput
  private var rehearsal: Rehearsal?

  init(
    _ file: String, _ saved: SavedSession, _ path: String, _ product: String?, _ toolkit: Project.Toolkit, updates: Bool,
    _ console: Console
  ) {
    self.file = file
    self.saved = saved
    self.path = path
    self.product = product
    self.toolkit = toolkit
    self.updates = updates
    self.console = console
    output = DevOutput(console, waitsForSaves: false)
  }

  func start() {
    Task { @EventLoop [self] in
      do {
        let project = try await Project.load(path, product: product, toolkit: toolkit)
        let rehearsal = Rehearsal(project, saved) { [weak self] in self?.receive($0) }
        self.rehearsal = rehearsal
        rehearsal.start()
      } catch {
        RunLoop.fail(error)
      }
    }
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    if let rehearsal { rehearsal.stop(completion) } else { completion() }
  }

  private func receive(_ event: Rehearsal.Event) {
    switch event {
    case .building: output.show(.building)
    case .buildFailed(let diagnostics, let log):
      output.show(.buildFailed(diagnostics, log: log))
      RunLoop.end(.failed)
    case .crashed(let reason, let log):
      output.show(.crashed(DevCrash(reason: reason, diagnostics: [], log: log, waits: true)))
      for line in log.suffix(20) { console.note(line) }
      RunLoop.end(.failed)
    case .appOutput(let line): output.show(.appOutput(line))
    case .failed(let error): RunLoop.fail(error)
    case .ran(let kept, let total, let transcript): compare(kept, total, transcript)
    }
  }

  private func compare(_ kept: Int, _ total: Int, _ transcript: Transcript) {
    let differences = transcript.differences(from: saved.transcript)
    output.stop()
    console.event(
      "replayed",
      ["kept": .int(Int64(kept)), "total": .int(Int64(total)), "differences": .int(Int64(differences.count))])
    for difference in differences {
      switch difference {
      case .gone(let line): console.note(console.styled("- \(line)", .red))
      case .new(let line): console.note(console.styled("+ \(line)", .green))
      }
    }
    let answers = "\(kept) of \(total) \(total == 1 ? "answer" : "answers")"
    if differences.isEmpty, kept == total {
      console.note("\(console.styled("the same:", .green)) \(answers), \(transcript.lines.count) commands to the page")
      return RunLoop.end(.done)
    }
    guard updates else {
      let count = differences.count
      console.note(
        "\(console.styled("it differs:", .red)) \(answers), \(count) \(count == 1 ? "line" : "lines"); "
          + "if that is right, take it over: webio replay --update \(file)")
      return RunLoop.end(.failed)
    }
    saved.transcript = transcript
    do {
      try Files.replace(file, Array(saved.text.utf8))
      console.note("taken over into \(file)")
      RunLoop.end(.done)
    } catch {
      RunLoop.fail(error)
    }
  }
}
