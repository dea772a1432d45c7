/// A representation's validators, and what a request makes of them. RFC 9110 section 13.
struct Validators {
  /// With its quotes; a strong one.
  let etag: String
  let modified: HTTPDate

  enum Outcome { case proceed, notModified, preconditionFailed }

  /// The order is that of section 13.2.2. For GET and HEAD.
  func evaluate(_ fields: HTTPFields) -> Outcome {
    if fields.contains("If-Match") {
      if !matches(fields.all("If-Match"), strongly: true) { return .preconditionFailed }
    } else if let date = fields["If-Unmodified-Since"].flatMap(HTTPDate.init), modified.seconds > date.seconds {
      return .preconditionFailed
    }
    if fields.contains("If-None-Match") {
      return matches(fields.all("If-None-Match"), strongly: false) ? .notModified : .proceed
    }
    if let date = fields["If-Modified-Since"].flatMap(HTTPDate.init), modified.seconds <= date.seconds {
      return .notModified
    }
    return .proceed
  }

  /// Whether a range may be sent: `If-Range` is missing, or names what we have.
  func allowRange(_ fields: HTTPFields) -> Bool {
    guard let value = fields["If-Range"] else { return true }
    if value == etag { return true }
    return HTTPDate(value) == modified
  }

  private func matches(_ lists: [String], strongly: Bool) -> Bool {
    for list in lists {
      if list == "*" { return true }
      // A comma within an entity tag only makes it two that match nothing.
      for tag in list.utf8.split(separator: UInt8(ascii: ",")) {
        var tag = tag.drop { ASCII.isBlank($0) }
        while let last = tag.last, ASCII.isBlank(last) { tag.removeLast() }
        if !strongly, tag.starts(with: "W/".utf8) { tag = tag.dropFirst(2) }
        if tag.elementsEqual(etag.utf8) { return true }
      }
    }
    return false
  }
}

/// What `Range` asks for. RFC 9110 section 14.
enum ByteRange: Equatable {
  /// There is none, or one that is ignored: more than one part, another unit, broken.
  case whole
  case part(Range<Int>)
  case unsatisfiable

  init(_ value: String?, size: Int) {
    self = value.map { Self.parse(Array($0.utf8), size) } ?? .whole
  }

  private static func parse(_ value: [UInt8], _ size: Int) -> ByteRange {
    guard value.starts(with: "bytes=".utf8) else { return .whole }
    let parts = value[6...].split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return .whole }
    let first = Array(parts[0]).withUnsafeBytes { ASCII.decimal($0) }
    let last = Array(parts[1]).withUnsafeBytes { ASCII.decimal($0) }
    switch (first, last) {
    case (let first?, let last?):
      guard first <= last else { return .whole }
      return first < size ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
    case (let first?, nil):
      guard parts[1].isEmpty else { return .whole }
      return first < size ? .part(first..<size) : .unsatisfiable
    case (nil, let count?):
      guard parts[0].isEmpty else { return .whole }
      return count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
    case (nil, nil): return .whole
    }
  }
}
