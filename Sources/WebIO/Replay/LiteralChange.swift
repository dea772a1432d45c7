import WebIOHTTP

/// A literal of the app's source that was edited: its text before and after, cut at its interpolations.
struct LiteralChange: Sendable {
  private let old: [[UInt8]]
  private let new: [[UInt8]]

  /// Shorter texts stand everywhere; they count only where they are the whole of a text.
  private static let shortest = 4

  init?(_ json: JSONValue) {
    guard let old = json["old"]?.array, let new = json["new"]?.array, old.count == new.count, !old.isEmpty else { return nil }
    self.old = old.map { Array(($0.string ?? "").utf8) }
    self.new = new.map { Array(($0.string ?? "").utf8) }
  }

  /// The text with the literal's new words, with the same values between them; nil when it is not made of the literal.
  func applied(to text: String) -> String? {
    let bytes = Array(text.utf8)
    guard let places = whole(bytes) ?? part(bytes) else { return nil }
    var result: [UInt8] = []
    var end = 0
    for (place, replacement) in zip(places, new) {
      result += bytes[end..<place.lowerBound] + replacement
      end = place.upperBound
    }
    return String(decoding: result + bytes[end...], as: UTF8.self)
  }

  /// Where the segments are when the text begins and ends with the literal.
  private func whole(_ bytes: [UInt8]) -> [Range<Int>]? {
    guard old.count > 1 else { return old[0] == bytes ? [0..<bytes.count] : nil }
    guard let first = old.first, let last = old.last, bytes.count >= first.count + last.count,
      bytes.starts(with: first), bytes.suffix(last.count).elementsEqual(last),
      // Nothing but values says nothing.
      old.contains(where: { !$0.isEmpty }),
      var places = find(old.dropLast(), in: bytes, from: 0), (places.last?.upperBound ?? 0) <= bytes.count - last.count
    else { return nil }
    places.append((bytes.count - last.count)..<bytes.count)
    return places
  }

  /// Where they are within the text.
  private func part(_ bytes: [UInt8]) -> [Range<Int>]? {
    guard let first = old.first, first.count >= Self.shortest else { return nil }
    return find(old[...], in: bytes, from: 0)
  }

  private func find(_ segments: ArraySlice<[UInt8]>, in bytes: [UInt8], from start: Int) -> [Range<Int>]? {
    var places: [Range<Int>] = []
    var index = start
    for segment in segments {
      while index + segment.count <= bytes.count, !bytes[index...].starts(with: segment) { index += 1 }
      guard index + segment.count <= bytes.count else { return nil }
      places.append(index..<(index + segment.count))
      index += segment.count
    }
    return places
  }
}

extension JSONValue {
  /// With the changes in every text that a visitor can see; nil when there is none.
  func preview(_ changes: [LiteralChange]) -> JSONValue? {
    switch self {
    case .string(let text):
      for change in changes { if let text = change.applied(to: text) { return .string(text) } }
      return nil
    case .array(let values):
      let previews = values.map { $0.preview(changes) }
      guard previews.contains(where: { $0 != nil }) else { return nil }
      return .array(zip(previews, values).map { $0 ?? $1 })
    case .object(var object):
      var isChanged = false
      for (name, value) in object.members where !Self.unseen.contains(name) {
        guard let preview = value.preview(changes) else { continue }
        object[name] = preview
        isChanged = true
      }
      return isChanged ? .object(object) : nil
    default: return nil
    }
  }

  private static let unseen: Set<String> = [
    "type", "scope", "position", "name", "dom_id", "container_dom_id", "container_selector", "handle", "callback_id",
    "click_callback_id", "value", "src", "url", "code", "language", "style", "content_type",
  ]

  /// Whether it holds something that would be lost if it were drawn again: later output, or what was typed.
  var isContainer: Bool {
    switch self {
    case .object(let object):
      object["container_dom_id"] != nil || ["pin", "scope"].contains(object["type"]?.string)
        || object.members.contains { $0.value.isContainer }
    case .array(let values): values.contains(where: \.isContainer)
    default: false
    }
  }
}
