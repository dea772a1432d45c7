import WebIOHTTP

/// The text of one literal before and after an edit, cut at its interpolations.
struct LiteralChange: Sendable, Equatable {
  var old: [String]
  var new: [String]

  var json: JSONValue {
    ["old": .array(old.map { .string($0) }), "new": .array(new.map { .string($0) })]
  }
}

/// What is different between two versions of a source, if it is nothing but the text of literals.
enum LiteralDiff {
  /// Nil when code has changed, or when it cannot be told.
  static func changes(from old: [UInt8], to new: [UInt8]) -> [LiteralChange]? {
    guard let old = SwiftLiterals(old)?.pieces, let new = SwiftLiterals(new)?.pieces, old.count == new.count else {
      return nil
    }
    var changes: [LiteralChange] = []
    for pair in zip(old, new) {
      switch pair {
      case (.code(let old), .code(let new)): if old != new { return nil }
      case (.literal(let old), .literal(let new)):
        guard old.count == new.count else { return nil }
        if old != new { changes.append(LiteralChange(old: old, new: new)) }
      default: return nil
      }
    }
    return changes
  }
}
