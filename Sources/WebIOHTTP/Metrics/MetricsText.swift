/// Prometheus' text format, version 0.0.4: `HELP`, `TYPE` and samples of one metric after the other.
package struct MetricsText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package private(set) var text = ""

  package enum Kind: String { case counter, gauge, histogram }

  package init() {}

  /// A metric with one sample.
  package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    describe(name, kind, help)
    sample(name, value)
  }

  package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    add(name, kind, help, Double(value))
  }

  package mutating func describe(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// Labels are our own words: nothing in them needs an escape.
  package mutating func sample(_ name: String, label: (name: String, value: String)? = nil, _ value: Double) {
    text += name
    if let label { text += "{\(label.name)=\"\(label.value)\"}" }
    text += " \(Self.number(value))\n"
  }

  /// `12`, `0.25`, `+Inf`
  package static func number(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    if let whole = Int(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
    return "\(value)"
  }
}
