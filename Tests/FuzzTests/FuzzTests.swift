import Foundation
import TestSupport
import Testing

/// Every parser takes whatever it is fed: no trap, no hang, and what each target says must hold.
///
/// Here a few thousand inputs each, the same in every run. `.ci/fuzz SECONDS` runs this with the variables below for as long as
/// one likes, and with another seed each time.
@Suite(.serialized) struct FuzzTests {
  private static func setting(_ name: String) -> String? { ProcessInfo.processInfo.environment["WEBIO_FUZZ_\(name)"] }
  private static let seed = setting("SEED").flatMap { UInt64($0) } ?? 1
  private static let targets = FuzzTarget.all.filter { setting("TARGET") == nil || setting("TARGET") == $0.name }

  @Test(arguments: targets) func takesWhateverItIsFed(_ target: FuzzTarget) async throws {
    let directory = Self.setting("DIRECTORY")
    if let file = Self.setting("REPLAY") {
      print(
        "fuzz: \(target.name): \(try await target.check(FuzzInput(Array(try Data(contentsOf: URL(fileURLWithPath: file))))))")
      return
    }
    let length =
      Self.setting("SECONDS").flatMap { Double($0) }.map { FuzzRun.Length.seconds($0) } ?? .inputs(2_000 / target.weight)
    let run = FuzzRun(target: target, seed: Self.seed, directory: directory, limit: directory == nil ? 1 << 10 : 64 << 10)
    do {
      let start = ContinuousClock.now
      print(try await run.run(length), start.duration(to: .now))
    } catch let finding as FuzzRun.Finding {
      Issue.record("\(finding)\nseed \(Self.seed)")
    }
  }

  @Test func namesAreUnique() {
    #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
    if Self.setting("LIST") != nil { for target in FuzzTarget.all { print("fuzz target \(target.name)") } }
  }

  /// A parser that fails on `<<` behind a colon: found, made small, saved, and found again in the saved file.
  @Test func aDefectIsFoundAndSaved() async throws {
    let target = FuzzTarget("planted", seeds: ["name: value", "a<b<c"]) { input in
      if let colon = input.bytes.firstIndex(of: UInt8(ascii: ":")),
        input.bytes[colon...].firstRange(of: Array("<<".utf8)) != nil
      {
        throw Defect("planted")
      }
      return "\(input.bytes.count)"
    }
    let directory = try TemporaryDirectory("fuzz")
    let run = FuzzRun(target: target, seed: 1, directory: directory.path)
    let finding = try await #require(throws: FuzzRun.Finding.self) { try await run.run(.inputs(1_000_000)) }
    #expect(String(decoding: finding.input, as: UTF8.self) == ":<<")
    let saved = Array(try Data(contentsOf: URL(fileURLWithPath: try #require(finding.file))))
    await #expect(throws: Defect.self) { try await target.check(FuzzInput(saved)) }
    let again = try await #require(throws: FuzzRun.Finding.self) { try await run.run(.inputs(1_000_000)) }
    #expect(again.input == finding.input)
  }
}
