import Foundation
import Testing
import WebIOPosix

@Suite struct BackgroundWriterTests {
  private func makePipe() -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    _ = pipe(&ends)
    return (ends[0], ends[1])
  }

  /// All lines until `last`.
  private func readLines(_ descriptor: Int32, until last: String) -> [String] {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !text.suffix(last.utf8.count + 1).starts(with: Array((last + "\n").utf8)) {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      text += buffer[..<count]
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test(.timeLimit(.minutes(5))) func aPauseCostsOnlyWhatMayBeMissing() {
    let ends = makePipe()
    let writer = BackgroundWriter(ends.writing, isOwned: true) { count, _ in Array("missing \(count)\n".utf8) }
    let line = String(repeating: "x", count: 999)
    for number in 0..<5_000 { writer.write(Array("\(number) \(line)\n".utf8), isOptional: true) }
    writer.write(Array("last\n".utf8), isOptional: false)
    let lines = readLines(ends.reading, until: "last")
    #expect(lines.last == "last", "what must not be missing is there")
    let missing = lines.compactMap { $0.hasPrefix("missing ") ? Int($0.dropFirst(8)) : nil }.reduce(0, +)
    #expect(missing > 1_000 && lines.count { $0.hasSuffix(line) } + missing == 5_000, "\(missing) are missing")
    close(ends.reading)
  }

  @Test(.timeLimit(.minutes(5))) func theEndWaitsForWhatIsTakenAndForNothingElse() {
    let ends = makePipe()
    let writer = BackgroundWriter(ends.writing, isOwned: true) { _, _ in [] }
    writer.write(Array("hello\n".utf8), isOptional: true)
    writer.finish(patience: 60)
    var unread: Int32 = 0
    #expect(ioctl(ends.reading, UInt(FIONREAD), &unread) == 0 && unread == 6)
    // More than a pipe holds.
    writer.write([UInt8](repeating: 0x78, count: 500_000), isOptional: false)
    writer.finish(patience: 1)
    writer.write(Array("\nlast\n".utf8), isOptional: false)
    #expect(readLines(ends.reading, until: "last").map(\.utf8.count) == [5, 500_000, 4])
    close(ends.reading)
  }
}
