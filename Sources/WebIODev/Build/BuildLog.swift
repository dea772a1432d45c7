import WebIOPosix

/// What the commands of a build say: how far they are, and the diagnostics.
struct BuildLog {
  /// Without those that tell of progress.
  private(set) var lines: [String] = []
  private let package: String
  private let renamed: [String: String]
  private var splitter = LineSplitter()

  /// A runaway plugin must not fill the memory; errors come first in compilers' output.
  private static let limit = 20_000

  /// As in `DiagnosticsParser`.
  init(package: String, renamed: [String: String]) { (self.package, self.renamed) = (package, renamed) }

  /// Before the first command of a build.
  mutating func clear() {
    lines = []
    splitter = LineSplitter()
  }

  /// What there is to report of it at once.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) -> [Builder.Event] {
    splitter.receive(bytes).compactMap { receive($0) }
  }

  /// At the end of a command.
  mutating func finish() -> [Builder.Event] {
    defer { splitter = LineSplitter() }
    return [splitter.finish()].compactMap { $0 }.compactMap { receive($0) }
  }

  private mutating func receive(_ line: String) -> Builder.Event? {
    if let progress = BuildProgress(line) { return .progress(progress) }
    if line.hasPrefix("Another instance of SwiftPM") { return .waiting(line) }
    if lines.count < Self.limit { lines.append(line) }
    return nil
  }

  /// Instead of what a command would have said that did not start.
  mutating func fail(_ error: any Error) { lines = ["error: \(error)"] }

  var diagnostics: [Diagnostic] { DiagnosticsParser.parse(lines, package: package, renamed: renamed) }

  /// What is said about the package's own files and does not stop the build.
  var warnings: [Diagnostic] {
    diagnostics.filter {
      $0.severity == .warning && $0.file.map { !$0.hasPrefix("/") || renamed.values.contains($0) } ?? false
    }
  }

  /// Whether the compiler has found an error in a file, rather than in how it was called.
  var hasErrorInFile: Bool { diagnostics.contains { $0.severity == .error && $0.file != nil } }

  /// A project that was moved has precompiled modules that name its old place, and no build with them succeeds.
  var isOfMovedProject: Bool { lines.contains { $0.contains("was compiled with module cache path") } }

  /// Of a build that has ended with `status`; there is an error among its diagnostics.
  func failure(_ status: ChildStatus) -> BuildResult {
    var diagnostics = diagnostics
    if !diagnostics.contains(where: { $0.severity == .error }) {
      diagnostics.insert(Diagnostic(severity: .error, message: "The build ended with \(status)."), at: 0)
    }
    return .failed(diagnostics, log: lines)
  }
}
