/// A flag of a command. `--name=VALUE` and `--name VALUE` are the same; `--no-name` is a flag of its own.
struct Flag: Sendable {
  enum Value: Sendable, Equatable {
    case none
    case required(String)
    /// Only as `--name=VALUE`; without it the flag stands alone.
    case optional(String)
  }

  let name: String
  let value: Value
  let help: String

  init(_ name: String, _ value: Value = .none, _ help: String) {
    self.name = name
    self.value = value
    self.help = help
  }
}

/// The words after the command's name, taken apart by its flags.
struct Arguments {
  private(set) var positionals: [String] = []
  private var values: [String: [String]] = [:]

  /// Throws a usage error for an unknown flag (and names the nearest one), a missing value or too many words.
  init(_ words: [String], flags: [Flag], maximum: Int) throws {
    var rest = words[...]
    var onlyPositionals = false
    while let word = rest.popFirst() {
      if onlyPositionals || !word.hasPrefix("-") || word == "-" {
        positionals.append(word)
      } else if word == "--" {
        onlyPositionals = true
      } else {
        try take(word, flags, &rest)
      }
    }
    if positionals.count > maximum {
      throw CommandError.usage("There is one word too many: \"\(positionals[maximum])\".")
    }
  }

  private mutating func take(_ word: String, _ flags: [Flag], _ rest: inout ArraySlice<String>) throws {
    let bytes = word.utf8.drop { $0 == UInt8(ascii: "-") }
    let parts = bytes.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(decoding: Array(parts.first ?? bytes), as: UTF8.self)
    let attached = parts.count == 2 ? String(decoding: Array(parts[1]), as: UTF8.self) : nil
    guard let flag = flags.first(where: { $0.name == name }), word.hasPrefix("--") else {
      throw CommandError.usage(
        "There is no flag \(word).", advice: nearest(to: name, among: flags.map(\.name)).map { "Did you mean --\($0)?" })
    }
    switch flag.value {
    case .none:
      if attached != nil { throw CommandError.usage("--\(name) takes no value.") }
      values[name, default: []].append("")
    case .optional: values[name, default: []].append(attached ?? "")
    case .required(let kind):
      guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
        throw CommandError.usage("--\(name) needs a value: --\(name) \(kind).")
      }
      values[name, default: []].append(value)
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }
  /// Of a flag that is given twice the last one counts.
  func value(_ name: String) -> String? { values[name]?.last }
  /// For flags that may be repeated.
  func values(_ name: String) -> [String] { values[name] ?? [] }

  /// A port from 0 to 65535, in digits only.
  func port(_ name: String) throws -> UInt16? {
    guard let text = value(name) else { return nil }
    guard let port = Self.port(text) else {
      throw CommandError.usage("--\(name) \(text) is no port. Ports go from 0 to 65535.")
    }
    return port
  }

  static func port(_ text: String) -> UInt16? {
    var value = 0
    for byte in text.utf8 {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), value <= 65_535 else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return text.isEmpty ? nil : UInt16(exactly: value)
  }
}

/// What was meant by a word with a slip of the finger or two in it; nil when it is like none of them.
func nearest(to word: String, among names: [String]) -> String? {
  let near = names.map { (name: $0, distance: distance($0, word)) }.min { $0.distance < $1.distance }
  return near.flatMap { $0.distance <= min(3, (word.utf8.count + 1) / 2) ? $0.name : nil }
}

/// Levenshtein's distance.
func distance(_ left: String, _ right: String) -> Int {
  let left = Array(left.utf8)
  let right = Array(right.utf8)
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var previous = row[0]
    row[0] = i + 1
    for (j, b) in right.enumerated() {
      let old = row[j + 1]
      row[j + 1] = min(row[j + 1] + 1, row[j] + 1, previous + (a == b ? 0 : 1))
      previous = old
    }
  }
  return row[right.count]
}
