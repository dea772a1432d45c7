/// What stands in a text of Prometheus' format, version 0.0.4, read as its description says: what breaks a rule throws.
struct MetricsFormat {
  struct Violation: Error, CustomStringConvertible {
    let description: String
  }

  private(set) var types: [String: String] = [:]
  private var samples: [String: Double] = [:]

  init(parsing text: String) throws {
    guard text.last == "\n" else { throw Violation(description: "the last line has no end") }
    var helps: Set<String> = []
    var current: String?
    var finished: Set<String> = []
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      if line.hasPrefix("# HELP ") {
        guard words.count == 4, Self.isName(words[2]), helps.insert(words[2]).inserted else {
          throw Violation(description: line)
        }
        if let current { finished.insert(current) }
        guard !finished.contains(words[2]) else { throw Violation(description: "\(words[2]) comes in two groups") }
        current = words[2]
      } else if line.hasPrefix("# TYPE ") {
        guard words.count == 4, words[2] == current, types[words[2]] == nil,
          ["counter", "gauge", "histogram", "summary", "untyped"].contains(words[3])
        else { throw Violation(description: line) }
        types[words[2]] = words[3]
      } else {
        try sample(line, of: current)
      }
    }
    for (name, type) in types { try check(name, type) }
  }

  /// By name and labels as they are written.
  subscript(name: String) -> Double? { samples[name] }

  private mutating func sample(_ line: String, of metric: String?) throws {
    guard let space = line.lastIndex(of: " "), let metric else { throw Violation(description: line) }
    let key = String(line[..<space])
    let value = line[line.index(after: space)...]
    guard let number = value == "+Inf" ? .infinity : Double(value) else { throw Violation(description: line) }
    let name = key.split(separator: "{", maxSplits: 1)[0]
    let names = types[metric] == "histogram" ? ["\(metric)_bucket", "\(metric)_sum", "\(metric)_count"] : [metric]
    guard names.contains(String(name)), samples.updateValue(number, forKey: key) == nil else {
      throw Violation(description: "\(line) within \(metric), or twice")
    }
    let labels = key.dropFirst(name.count)
    guard labels.isEmpty || labels.wholeMatch(of: /\{[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*"\}/) != nil else {
      throw Violation(description: "labels of \(line)")
    }
  }

  private func check(_ name: String, _ type: String) throws {
    if type == "counter", !name.hasSuffix("_total") { throw Violation(description: "the counter \(name) is no _total") }
    guard type == "histogram" else { return }
    let buckets = samples.filter { $0.key.hasPrefix("\(name)_bucket{") }.map { ($0.key, $0.value) }
    let bounds = buckets.map { key, count -> (Double, Double) in
      let text = key.split(separator: "\"")[1]
      return (text == "+Inf" ? .infinity : Double(text) ?? .nan, count)
    }.sorted { $0.0 < $1.0 }
    guard bounds.last?.0 == .infinity, bounds.last?.1 == samples["\(name)_count"], samples["\(name)_sum"] != nil,
      zip(bounds, bounds.dropFirst()).allSatisfy({ $0.1 <= $1.1 })
    else { throw Violation(description: "the buckets of \(name): \(bounds)") }
  }

  private static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil }
}
