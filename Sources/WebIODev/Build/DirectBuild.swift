import Glibc
import WebIOPosix

/// One build by a plan, without SwiftPM: the compiler, and the linker, which is started together with it and waits for its
/// objects.
///
/// The objects are whole before the compiler has given back its memory, which takes it milliseconds: they are linked when
/// the last one has got its name. What comes of it counts only when the compiler has ended well.
@EventLoop
final class DirectBuild {
  enum Outcome {
    case built
    case compilerFailed(ChildStatus)
    case linkerFailed(ChildStatus)
  }

  private let plan: DirectPlan
  private let environment: [String]
  private let directory: String
  private let receive: @EventLoop (UnsafeRawBufferPointer) -> Void
  /// The objects are there and are linked next.
  private let compiled: @EventLoop () -> Void
  /// Once, when nothing runs any more.
  private let ended: @EventLoop (Outcome) -> Void
  private var compiler: ChildProcess?
  private var compilerStatus: ChildStatus?
  private var waitingLinker: WaitingProgram?
  private var linker: ChildProcess?
  private var linkerStatus: ChildStatus?
  private var linkerTimer: TimerToken?
  private var isLinking = false
  private var isCancelled = false
  private var objects: DirectoryWatch?
  /// Names of objects that have not been written yet.
  private var missing: Set<String> = []

  /// Starts with a compiler that waits, or with a new one. The callbacks are called later only. Throws when there is no compiler.
  init(
    _ plan: DirectPlan, _ waiting: WaitingCompiler?, environment: [String], directory: String,
    receive: @escaping @EventLoop (UnsafeRawBufferPointer) -> Void, compiled: @escaping @EventLoop () -> Void,
    ended: @escaping @EventLoop (Outcome) -> Void
  ) throws {
    (self.plan, self.environment, self.directory) = (plan, environment, directory)
    (self.receive, self.compiled, self.ended) = (receive, compiled, ended)
    watchObjects()
    do {
      compiler = try waiting?.release(receive: receive) { [self] in compilerEnded($0) } ?? startCompiler()
    } catch {
      objects?.close()
      throw error
    }
    // The compiler and the preview come first.
    linkerTimer = Reactor.shared.schedule(after: .milliseconds(20)) { [weak self] in self?.startLinkerAhead() }
  }

  private func startLinkerAhead() {
    guard !isLinking, !isCancelled, compiler != nil else { return }
    waitingLinker = WaitingProgram(
      linkerStart, fifo: Path.join(plan.directory, "link.rsp"), environment: environment, directory: directory)
  }

  private func startCompiler() throws -> ChildProcess {
    try ChildProcess(
      plan.compile[0], Array(plan.compile.dropFirst()), environment: Self.compilerEnvironment(environment),
      directory: directory, output: .pipe { [receive] in receive($0) }
    ) { [self] in compilerEnded($0) }
  }

  /// The C library asks for large pages then, where the kernel gives them to those who ask: a third of what the compiler does
  /// in the kernel is to get memory in small ones. See mallopt(3) and GLIBC_TUNABLES in the manual of the GNU C library.
  static func compilerEnvironment(_ environment: [String]) -> [String] {
    environment.contains { $0.hasPrefix("GLIBC_TUNABLES=") }
      ? environment : environment + ["GLIBC_TUNABLES=glibc.malloc.hugetlb=1"]
  }

  /// Calls it off. `ended` still comes.
  func cancel() {
    guard !isCancelled else { return }
    isCancelled = true
    waitingLinker?.stop()
    for child in [compiler, linker] { child?.signal(SIGINT) }
    Reactor.shared.schedule(after: .milliseconds(300)) { [weak self] in
      for child in [self?.compiler, self?.linker] { child?.kill() }
    }
  }

  // MARK: The objects

  private func watchObjects() {
    // Those of the driver are its own affair.
    guard !plan.isIncremental else { return }
    missing = Set(plan.sources.indices.map { "\($0).o" })
    objects = try? DirectoryWatch { [weak self] in self?.written($0) }
    if (try? objects?.add(plan.directory)) == nil { forgetObjects() }
  }

  private func forgetObjects() {
    objects?.close()
    objects = nil
  }

  /// The compiler gives an object its name when it is whole.
  private func written(_ events: [DirectoryWatch.Event]) {
    for event in events where event.change == .completed { missing.remove(event.name) }
    if missing.isEmpty { link() }
  }

  private func compilerEnded(_ status: ChildStatus) {
    compiler = nil
    compilerStatus = status
    if status.isSuccess, !isCancelled {
      link()
    } else {
      waitingLinker?.stop()
      linker?.kill()
    }
    finish()
  }

  // MARK: The link

  /// The linker as it waits: with the target, by which it knows its kind, and the rest in a file.
  private var linkerStart: [String] {
    var words = Array(plan.link.prefix(1))
    if let target = plan.link.firstIndex(of: "-m"), plan.link.indices.contains(target + 1) {
      words += plan.link[target...(target + 1)]
    }
    return words + ["@" + Path.join(plan.directory, "link.rsp")]
  }

  /// As the linker takes it apart: each word in quotes.
  private var response: [UInt8] {
    var text: [UInt8] = []
    for word in plan.link.dropFirst() {
      text.append(UInt8(ascii: "\""))
      for byte in word.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
        text.append(byte)
      }
      text += [UInt8(ascii: "\""), UInt8(ascii: "\n")]
    }
    return text
  }

  private func link() {
    guard !isLinking, !isCancelled else { return }
    isLinking = true
    forgetObjects()
    do {
      linker = try waitingLinker?.release(response, receive: receive) { [self] in linkerEnded($0) } ?? startLinker()
    } catch {
      linkerStatus = .exited(1)
    }
    waitingLinker = nil
    compiled()
  }

  private func startLinker() throws -> ChildProcess {
    try ChildProcess(
      plan.link[0], Array(plan.link.dropFirst()), environment: environment, directory: directory,
      output: .pipe { [receive] in receive($0) }
    ) { [self] in linkerEnded($0) }
  }

  private func linkerEnded(_ status: ChildStatus) {
    linker = nil
    linkerStatus = status
    finish()
  }

  private func finish() {
    guard let compilerStatus, linker == nil else { return }
    linkerTimer?.cancel()
    forgetObjects()
    guard compilerStatus.isSuccess else { return ended(.compilerFailed(compilerStatus)) }
    guard let linkerStatus else { return ended(.compilerFailed(.signalled(SIGINT))) }
    ended(linkerStatus.isSuccess ? .built : .linkerFailed(linkerStatus))
  }
}
