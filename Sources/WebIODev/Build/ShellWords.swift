/// Takes a line apart as a POSIX shell would, as far as drivers quote: `'…'`, `"…"` and backslashes.
enum ShellWords {
  static func split(_ line: String) -> [String]? {
    var words: [String] = []
    var word: [UInt8]?
    var quote: UInt8?
    var bytes = Array(line.utf8)[...]
    while let byte = bytes.popFirst() {
      if let open = quote {
        if byte == open {
          quote = nil
        } else if byte == UInt8(ascii: "\\"), open == UInt8(ascii: "\""), let next = bytes.popFirst() {
          word?.append(next)
        } else {
          word?.append(byte)
        }
      } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        quote = byte
        word = word ?? []
      } else if byte == UInt8(ascii: "\\") {
        guard let next = bytes.popFirst() else { return nil }
        word = (word ?? []) + [next]
      } else if byte == UInt8(ascii: " ") {
        if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
        word = nil
      } else {
        word = (word ?? []) + [byte]
      }
    }
    guard quote == nil else { return nil }
    if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
    return words
  }
}
