/// The metrics of several processes as one text: the samples of a metric stand together, and a label tells whose each one is.
package struct MetricsMerge {
  private struct Metric {
    var head = ""
    var samples = ""
  }

  private var names: [String] = []
  private var metrics: [String: Metric] = [:]

  package init() {}

  /// Without a label they stay as they are. What is no line of the format is left out.
  package mutating func add(_ text: String, label: (name: String, value: String)? = nil) {
    var current = ""
    var isNew = false
    for bytes in Array(text.utf8).split(separator: UInt8(ascii: "\n")) {
      let line = String(decoding: bytes, as: UTF8.self)
      if line.hasPrefix("# ") {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count == 4, words[1] == "HELP" || words[1] == "TYPE" else { continue }
        if words[2] != current {
          current = String(words[2])
          isNew = metrics[current] == nil
          if isNew { names.append(current) }
        }
        if isNew { metrics[current, default: Metric()].head += "\(line)\n" }
      } else if line.hasPrefix(current), !current.isEmpty, let space = line.lastIndex(of: " ") {
        metrics[current]?.samples += "\(Self.labelled(line[..<space], label))\(line[space...])\n"
      }
    }
  }

  private static func labelled(_ key: Substring, _ label: (name: String, value: String)?) -> String {
    guard let label else { return String(key) }
    let own = "\(label.name)=\"\(label.value)\""
    guard let brace = key.firstIndex(of: "{") else { return "\(key){\(own)}" }
    return "\(key[..<brace]){\(own),\(key[key.index(after: brace)...])"
  }

  package var text: String { names.map { "\(metrics[$0]?.head ?? "")\(metrics[$0]?.samples ?? "")" }.joined() }
}
