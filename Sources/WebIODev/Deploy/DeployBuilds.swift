import Glibc
import WebIOHTTP
import WebIOPosix

/// Builds single files one after the other, since they share a scratch path, and keeps what they became by its contents.
@EventLoop
final class DeployBuilds {
  struct Broken: Error {
    let lines: [String]
  }
  typealias Completion = @EventLoop (Result<String, Broken>) -> Void

  private let toolkit: Project.Toolkit
  private let isRelease: Bool
  private let onBuild: @EventLoop @Sendable (String, (milliseconds: Int, isGood: Bool)?) -> Void
  /// What the toolkit was when this started: another one makes other executables of the same file.
  private let seed: UInt64
  private var queue: [(file: String, completion: Completion)] = []
  private var running: Builder?
  private var current: String?

  init(
    _ toolkit: Project.Toolkit, isRelease: Bool,
    _ onBuild: @escaping @EventLoop @Sendable (String, (milliseconds: Int, isGood: Bool)?) -> Void
  ) {
    self.onBuild = onBuild
    self.toolkit = toolkit
    self.isRelease = isRelease
    var status = Files.status("/proc/self/exe")?.st_mtim ?? timespec()
    seed = withUnsafeBytes(of: &status) { ContentHash.of(Array($0)) } &+ (isRelease ? 1 : 0)
  }

  func build(_ file: String, _ completion: @escaping Completion) {
    queue.append((file, completion))
    if current == nil { next() }
  }

  /// How many are compiled before `file`; 0 is the one that is, nil none.
  func position(of file: String) -> Int? {
    if file == current { return 0 }
    return queue.firstIndex { $0.file == file }.map { $0 + 1 }
  }

  private func next() {
    current = nil
    guard !queue.isEmpty else { return }
    let (file, completion) = queue.removeFirst()
    current = file
    Task { @EventLoop [self] in
      do {
        let project = try await Project.load(file, toolkit: toolkit)
        let bytes = try Files.read(file)
        let kept = Path.join(
          project.scratchPath, "apps/\(ContentHash.name(ContentHash.of(bytes, seed: seed)))-\(project.product)")
        if Files.isExecutable(kept) {
          completion(.success(kept))
          return next()
        }
        let start = MonotonicTime.now
        onBuild(file, nil)
        let builder = Builder(
          isRelease ? .releaseBuild(project) : .swiftBuild(project), package: project.directory, renamed: project.renamed
        ) { [self] event in
          guard case .finished(let result) = event else { return }
          running = nil
          let kept = Self.keep(result, as: kept)
          onBuild(file, ((.now - start).wholeMilliseconds, (try? kept.get()) != nil))
          completion(kept)
          next()
        }
        running = builder
        builder.build()
      } catch {
        running = nil
        completion(.failure(Broken(lines: ["\(error)"])))
        next()
      }
    }
  }

  private static func keep(_ result: BuildResult, as kept: String) -> Result<String, Broken> {
    switch result {
    case .built(let executable, _):
      do {
        try Files.makeDirectories(Path.directory(of: kept), mode: 0o700)
        let partial = "\(kept).partial"
        try Files.create(partial, try Files.read(executable, limit: 1 << 30), mode: 0o700)
        try Files.rename(partial, to: kept)
        return .success(kept)
      } catch { return .failure(Broken(lines: ["\(error)"])) }
    case .failed(let diagnostics, let log):
      let lines = diagnostics.map { diagnostic in
        let place = diagnostic.file.map { "\($0):\(diagnostic.line ?? 0):\(diagnostic.column ?? 0): " } ?? ""
        return "\(place)\(diagnostic.severity.rawValue): \(diagnostic.message)"
      }
      return .failure(Broken(lines: lines.isEmpty ? log : lines))
    }
  }

  func stop() {
    queue = []
    running?.stop {}
  }
}
