/// What stands in a text of Prometheus' format, version 0.0.4, read as its description says: what breaks a rule throws.
public struct MetricsFormat {
  public struct Violation: Error, CustomStringConvertible {
    public let description: String
  }

  public private(set) var types: [String: String] = [:]
  private var samples: [String: Double] = [:]

  public init(parsing text: String) throws {
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
  public subscript(name: String) -> Double? { samples[name] }

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
    guard
      labels.isEmpty
        || labels.wholeMatch(of: /\{[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*"(,[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*")*\}/) != nil
    else {
      throw Violation(description: "labels of \(line)")
    }
  }

  private func check(_ name: String, _ type: String) throws {
    if type == "counter", !name.hasSuffix("_total") { throw Violation(description: "the counter \(name) is no _total") }
    guard type == "histogram" else { return }
    // A histogram for each value of the other labels.
    var bounds: [String: [(bound: Double, count: Double)]] = [:]
    for (key, count) in samples where key.hasPrefix("\(name)_bucket{") {
      guard let match = key.firstMatch(of: /,?le="([^"]*)"/) else { throw Violation(description: "no le in \(key)") }
      let others = key.replacing(match.output.0, with: "", maxReplacements: 1).dropFirst("\(name)_bucket".count)
      let bound = match.output.1 == "+Inf" ? .infinity : Double(match.output.1) ?? .nan
      bounds[others == "{}" ? "" : String(others), default: []].append((bound, count))
    }
    for (labels, buckets) in bounds {
      let sorted = buckets.sorted { $0.bound < $1.bound }
      guard sorted.last?.bound == .infinity, sorted.last?.count == samples["\(name)_count\(labels)"],
        samples["\(name)_sum\(labels)"] != nil, zip(sorted, sorted.dropFirst()).allSatisfy({ $0.count <= $1.count })
      else { throw Violation(description: "the buckets of \(name)\(labels): \(sorted)") }
    }
    guard !bounds.isEmpty else { throw Violation(description: "\(name) has no buckets") }
  }

  private static func isName(_ text: String) -> Bool { text.wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil }
}
