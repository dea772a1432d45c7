import TestSupport
import Testing

@testable import WebIO

@Suite struct ExecutableTrailerTests {
  private let directory: TemporaryDirectory
  init() throws { directory = try TemporaryDirectory("webio-trailer") }

  private func read(_ bytes: [UInt8]) throws -> String? {
    try directory.write("app", String(decoding: bytes, as: UTF8.self))
    return ExecutableTrailer.read(directory.file("app"))
  }

  @Test func whatWasAppendedIsRead() throws {
    for text in ["", "{\"index\":\"Grüße\"}", String(repeating: "x", count: 300)] {
      var executable = Array("ELF and more".utf8)
      ExecutableTrailer.append(text, to: &executable)
      #expect(executable.starts(with: "ELF and more\(text)".utf8))
      let first = executable
      #expect(try read(executable) == text)
      // The same again: nothing of the time or the place is in it.
      executable = Array("ELF and more".utf8)
      ExecutableTrailer.append(text, to: &executable)
      #expect(executable == first)
    }
  }

  @Test func whatIsNoneIsNotRead() throws {
    var whole: [UInt8] = []
    ExecutableTrailer.append("{}", to: &whole)
    #expect(try read(whole) == "{}")
    #expect(try read([]) == nil)
    #expect(try read(Array(whole.dropFirst())) == nil)
    #expect(try read(Array(whole.dropLast())) == nil)
    // A length that goes beyond the file's begin, and one beyond all bounds.
    var long = whole
    long[2] = 3
    #expect(try read(long) == nil)
    long[9] = 0x7F
    #expect(try read(long) == nil)
    #expect(ExecutableTrailer.read(directory.file("nothing")) == nil)
    #expect(ExecutableTrailer.own == nil)
  }
}
