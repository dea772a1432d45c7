import Foundation
import Glibc

/// Feeds one target, until it has had enough or something must not be.
struct FuzzRun {
  enum Length {
    case inputs(Int)
    case seconds(Double)
  }

  struct Finding: Error, CustomStringConvertible {
    let target: String
    let defect: String
    let input: [UInt8]
    /// Where the input is saved.
    var file: String?

    var description: String {
      let shown = String(decoding: input.prefix(300), as: UTF8.self).debugDescription
      let replay = file.map { "\nAgain: .ci/fuzz --replay \($0)" } ?? ""
      return "\(target): \(defect)\n\(input.count) bytes: \(shown)\(replay)"
    }
  }

  struct Report: CustomStringConvertible {
    let target: String
    var inputs = 0
    var outcomes = 0
    var slowest = 0.0
    var slowestSize = 0

    var description: String {
      let milliseconds = (slowest * 10_000).rounded() / 10
      return "fuzz: \(target): \(inputs) inputs, \(outcomes) outcomes, slowest \(milliseconds) ms for \(slowestSize) bytes"
    }
  }

  /// Of the processor's time: it does not depend on who else is at work.
  private static let patience = 5.0
  private static let memoryLimit = 256 << 20
  private static let poolLimit = 4_000

  let target: FuzzTarget
  let seed: UInt64
  /// Where what fails is saved; the input that is being tried is there too, in case it ends the process.
  let directory: String?
  /// Of inputs, in bytes: most loops of a parser are seen in a few hundred, and depth takes more.
  var limit = 64 << 10

  /// Throws a ``Finding``.
  func run(_ length: Length) async throws -> Report {
    var dice = Dice(seed &+ Dice(of: Array(target.name.utf8)).hash)
    var report = Report(target: target.name)
    var pool = target.seeds.isEmpty ? [[]] : target.seeds
    var seen: Set<Int> = []
    let current = try directory.map { try CurrentInput($0, target.name) }
    let start = ContinuousClock.now
    func isOver() -> Bool {
      switch length {
      case .inputs(let count): report.inputs >= count
      case .seconds(let seconds): report.inputs % 64 == 0 && start.duration(to: .now) >= .seconds(seconds)
      }
    }
    while report.inputs < target.seeds.count || !isOver() {
      let input = next(report.inputs, pool, &dice)
      current?.write(input)
      // A hang ends the process, and its input is in the file. See alarm(2).
      if current != nil { alarm(60) }
      report.inputs += 1
      let before = Self.usage
      do {
        let outcome = try await target.check(FuzzInput(input))
        if seen.insert(outcome.hashValue).inserted, input.count <= 16 << 10 {
          if pool.count < Self.poolLimit { pool.append(input) } else { pool[dice.below(pool.count)] = input }
        }
      } catch {
        throw try await save("\(error)", input, in: directory)
      }
      guard current != nil else { continue }
      let after = Self.usage
      if after.seconds - before.seconds > report.slowest {
        report.slowest = after.seconds - before.seconds
        report.slowestSize = input.count
        if report.slowest > Self.patience { throw try save(taking: "\(report.slowest) s of the processor", input) }
      }
      if after.memory - before.memory > Self.memoryLimit {
        throw try save(taking: "\((after.memory - before.memory) >> 20) MiB of memory", input)
      }
    }
    alarm(0)
    report.outcomes = seen.count
    return report
  }

  private func next(_ number: Int, _ pool: [[UInt8]], _ dice: inout Dice) -> [UInt8] {
    if number < target.seeds.count { return target.seeds[number] }
    if let generate = target.generate, dice.isOne(in: 3) {
      let made = generate(&dice)
      return dice.isOne(in: 3) ? made : target.mutator.mutate(made, with: dice.element(of: pool), limit: limit, &dice)
    }
    return target.mutator.mutate(dice.element(of: pool), with: dice.element(of: pool), limit: limit, &dice)
  }

  private func save(taking what: String, _ input: [UInt8]) throws -> Finding {
    try keep(Finding(target: target.name, defect: "takes \(what)", input: input))
  }

  private func save(_ defect: String, _ input: [UInt8], in directory: String?) async throws -> Finding {
    try keep(await shrink(Finding(target: target.name, defect: defect, input: input)))
  }

  private func keep(_ finding: Finding) throws -> Finding {
    guard let directory else { return finding }
    var finding = finding
    let file = "\(directory)/\(target.name)-\(String(Dice(of: finding.input).hash, radix: 16))"
    try Data(finding.input).write(to: URL(fileURLWithPath: file))
    finding.file = file
    return finding
  }

  /// Takes away what is not needed for the defect: halves, then smaller and smaller pieces.
  private func shrink(_ finding: Finding) async -> Finding {
    var best = finding
    var size = best.input.count / 2
    var trials = 0
    while size > 0, trials < 2_000 {
      var start = 0
      var isShorter = false
      while start < best.input.count, trials < 2_000 {
        var shorter = best.input
        shorter.removeSubrange(start..<min(start + size, shorter.count))
        trials += 1
        do {
          _ = try await target.check(FuzzInput(shorter))
          start += size
        } catch {
          best = Finding(target: target.name, defect: "\(error)", input: shorter)
          isShorter = true
        }
      }
      if !isShorter || size > 1 { size /= 2 }
    }
    return best
  }

  private static var usage: (seconds: Double, memory: Int) {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let microseconds =
      (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000 + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    return (Double(microseconds) / 1e6, usage.ru_maxrss * 1024)
  }
}

extension Dice {
  /// The next number, of a copy.
  var hash: UInt64 {
    var copy = self
    return copy.next()
  }
}

/// The file `current-NAME`: what is being tried. It outlives a process that a trap ends.
private final class CurrentInput {
  private let descriptor: Int32
  private let path: String

  init(_ directory: String, _ name: String) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    path = "\(directory)/current-\(name)"
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Defect("\(path) cannot be written") }
  }

  func write(_ input: [UInt8]) {
    ftruncate(descriptor, input.count)
    _ = input.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  deinit {
    close(descriptor)
    unlink(path)
  }
}
