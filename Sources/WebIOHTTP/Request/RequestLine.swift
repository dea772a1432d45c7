extension RequestLine {
  /// `method SP request-target SP HTTP-version`, with exactly one space at each place.
  static func parse(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) throws(HTTPError) -> RequestLine {
    var line = RequestLine()
    var index = start
    while index < end, ASCII.isToken(bytes[index]) { index += 1 }
    guard index > start, index < end, bytes[index] == 0x20, index - start <= 64 else {
      throw .malformed("no valid method")
    }
    line.methodCount = UInt16(index - start)
    let target = index + 1
    index = target
    // Visible ASCII; a fragment is no part of a target.
    while index < end, bytes[index] &- 0x21 < 0x5e, bytes[index] != UInt8(ascii: "#") { index += 1 }
    guard index > target, index < end, bytes[index] == 0x20 else { throw .malformed("no valid request target") }
    guard end - index == 9, HTTPVersion.isValid(bytes, index + 1) else { throw .malformed("no HTTP version") }
    guard let minor = HTTPVersion.minor(bytes, index + 1) else {
      throw HTTPError(.unsupported, .versionNotSupported, "not HTTP/1.0 or HTTP/1.1")
    }
    line.minorVersion = minor
    line.target = UInt32(target)
    line.targetCount = UInt32(index - target)
    try line.split(bytes, method: start, target, index)
    // Offsets are from the start of the head, which an empty line may precede.
    line.methodStart = UInt32(start)
    return line
  }

  /// The four forms of a target. RFC 9112 section 3.2.
  private mutating func split(
    _ bytes: UnsafeRawBufferPointer, method: Int, _ start: Int, _ end: Int
  ) throws(HTTPError) {
    let name = UnsafeRawBufferPointer(rebasing: bytes[method..<method + Int(methodCount)])
    if name.elementsEqual("CONNECT".utf8) {
      throw HTTPError(.unsupported, .notImplemented, "CONNECT is for proxies")
    }
    var start = start
    switch bytes[start] {
    case UInt8(ascii: "/"): break
    case UInt8(ascii: "*"):
      guard end - start == 1, name.elementsEqual("OPTIONS".utf8) else { throw .malformed("no valid request target") }
    default:
      let target = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      guard let scheme = Self.schemeLength(target) else { throw .malformed("no valid request target") }
      start += scheme
      authority = UInt32(start)
      while start < end, bytes[start] != UInt8(ascii: "/"), bytes[start] != UInt8(ascii: "?") { start += 1 }
      authorityCount = UInt32(start) - authority
    }
    path = UInt32(start)
    while start < end, bytes[start] != UInt8(ascii: "?") { start += 1 }
    pathCount = UInt32(start) - path
  }

  private static func schemeLength(_ target: UnsafeRawBufferPointer) -> Int? {
    for scheme in ["http://", "https://"] as [StaticString] where target.count > scheme.utf8CodeUnitCount {
      let prefix = UnsafeRawBufferPointer(rebasing: target[..<scheme.utf8CodeUnitCount])
      if ASCII.equalsIgnoringCase(prefix, scheme) { return scheme.utf8CodeUnitCount }
    }
    return nil
  }
}

/// `uri-host [":" port]` of RFC 9110 section 7.2, without names that DNS or an IP address cannot have.
enum HostSyntax {
  static func isValid(_ host: UnsafeRawBufferPointer) -> Bool {
    guard !host.isEmpty, host.count <= 255 + 6 else { return false }
    var index = 0
    if host[0] == UInt8(ascii: "[") {
      index = 1
      while index < host.count, ASCII.hexValue(host[index]) != nil || host[index] == 0x3a || host[index] == 0x2e {
        index += 1
      }
      guard index > 3, index < host.count, host[index] == UInt8(ascii: "]") else { return false }
      index += 1
    } else {
      while index < host.count, isNameByte(host[index]) { index += 1 }
      guard index > 0 else { return false }
    }
    if index == host.count { return true }
    guard host[index] == UInt8(ascii: ":") else { return false }
    let port = UnsafeRawBufferPointer(rebasing: host[(index + 1)...])
    return port.isEmpty || port.count <= 5 && (ASCII.decimal(port) ?? .max) <= 65_535
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_")
  }
}
