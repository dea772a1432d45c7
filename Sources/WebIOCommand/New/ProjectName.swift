/// A project's name, and the module name that it makes.
struct ProjectName {
  let name: String
  let module: String

  /// Throws a usage error that says what is wrong with it.
  init(_ name: String) throws {
    let bytes = Array(name.utf8)
    func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    guard let first = bytes.first, bytes.count <= 64, isLetter(first) else {
      throw Self.bad(name, "it must begin with a letter from a to z and have at most 64 characters")
    }
    for byte in bytes where !isLetter(byte) && !isDigit(byte) && byte != UInt8(ascii: "-") && byte != UInt8(ascii: "_") {
      throw Self.bad(name, "only letters from a to z, digits, \"-\" and \"_\" can stand in it")
    }
    self.name = name
    var module: [UInt8] = []
    var startsWord = true
    for byte in bytes {
      if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") {
        startsWord = true
      } else {
        module.append(startsWord && isLetter(byte) ? byte & 0xdf : byte)
        startsWord = false
      }
    }
    let text = String(decoding: module, as: UTF8.self)
    if Self.taken.contains(text) { throw Self.bad(name, "the module \(text) exists already") }
    self.module = text
  }

  /// Modules that every app sees: another one of that name would not build.
  private static let taken: Set<String> = [
    "WebIO", "Swift", "Glibc", "Foundation", "Dispatch", "Synchronization", "Testing", "XCTest", "Main",
    "WebIOHTTP", "WebIOPosix", "WebIOTLS", "WebIOTunnel", "WebIODev", "WebIOCommand", "Any", "Self", "Type",
    "Protocol",
  ]

  private static func bad(_ name: String, _ reason: String) -> CommandError {
    .usage("\"\(name)\" cannot be a project's name: \(reason).", advice: "Choose another one, such as my-app.")
  }
}
