import Foundation
import Glibc
import TestSupport
import WebIOPosix

@testable import WebIODev
@testable import WebIOHTTP

/// From an address to a file: nothing outside of the root, whatever the address says.
extension FuzzTarget {
  static let files: [FuzzTarget] = [staticPath, range, deployPath, hosts, networks]

  /// A root with a secret beside it, and links that lead there.
  private struct Tree {
    let directory: TemporaryDirectory
    let roots: [RootDirectory]

    init() throws {
      directory = try TemporaryDirectory("fuzz-root")
      for name in ["root/a.txt", "root/b/c.txt", "root/b/.hidden", "root/%41", "root/ü.txt"] {
        try directory.write(name, "public")
      }
      try directory.write("secret.txt", "secret")
      try FileManager.default.createSymbolicLink(atPath: directory.file("root/link"), withDestinationPath: "../secret.txt")
      try FileManager.default.createSymbolicLink(atPath: directory.file("root/b/up"), withDestinationPath: "../..")
      let path = directory.file("root")
      roots = [
        try RootDirectory(path),
        // As on a kernel that has no openat2(2).
        try RootDirectory(path) { _, _, _, _ in
          errno = ENOSYS
          return -1
        },
      ]
    }
  }

  private static let tree = Result { try Tree() }

  private static let staticPath = FuzzTarget(
    "static-path",
    seeds: [
      "a.txt", "b/c.txt", "%61.txt", "b%2fc.txt", "../secret.txt", "b/up/secret.txt", "link", "b/../../secret.txt", "b/.hidden",
      "%2541",
    ],
    words: ["..", "/", "%2e%2e/", "secret.txt", "b/up/", "link", "/etc/passwd", "%5c", "a.txt", "./"]
  ) { input in
    let tree = try tree.get()
    // The raw bytes as well: the kernel must refuse what the name check let pass.
    let decoded = input.bytes.withCopiedBytes { StaticPath.decode($0) }
    var outcome = decoded == nil ? "refused" : "named"
    for name in [decoded, input.bytes].compactMap({ $0 }) {
      let found = tree.roots.map { root in root.open(name)?.read(at: 0, count: 100) }
      for content in found.compactMap({ $0 }) {
        try require(content.elementsEqual("public".utf8), "it opens \(String(decoding: content, as: UTF8.self))")
        outcome = "opened \(String(decoding: name, as: UTF8.self))"
      }
      if name == decoded { try require(found[0] == found[1], "with and without openat2 it is another file") }
    }
    if let decoded {
      let segments = decoded.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      try require(
        segments.allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") && !$0.contains(0) },
        "a segment that leads elsewhere")
    }
    return outcome
  }

  private static let range = FuzzTarget(
    "byte-range", seeds: ["bytes=0-0", "bytes=-1", "bytes=5-", "bytes=0-9223372036854775807"], words: ["bytes=", "-", ","]
  ) { input in
    let text = input.text
    var outcome = ""
    for size in [0, 1, 10, Int.max] {
      let range = ByteRange(text, size: size)
      outcome += "\(range)"
      // A second reading, in another way.
      let numbers =
        text.utf8.starts(with: "bytes=".utf8)
        ? String(decoding: Array(text.utf8.dropFirst(6)), as: UTF8.self).components(separatedBy: "-") : []
      guard numbers.count == 2, numbers.allSatisfy({ $0.utf8.allSatisfy(ASCII.isDigit) && $0.utf8.count < 19 }),
        numbers != ["", ""]
      else {
        continue
      }
      let (first, last) = (Int(numbers[0]), Int(numbers[1]))
      var wanted = ByteRange.unsatisfiable
      if let first, let last, first > last {
        wanted = .whole
      } else if let first {
        if first < size { wanted = .part(first..<(last.map { min($0, size - 1) + 1 } ?? size)) }
      } else if let last, last > 0, size > 0 {
        wanted = .part(max(0, size - last)..<size)
      }
      try require(range == wanted, "of \(size) bytes it is \(range), not \(wanted)")
    }
    return outcome
  }

  private static let deployPath = FuzzTarget(
    "deploy-path",
    seeds: ["/tools/bmi", "/tools/", "/tools", "/", "/bmi/_webio/core.js", "/a%2fb", "/../x", "/_private", "/%C3%BC"],
    words: ["/", "..", "_webio", "static", "healthz", "%2e", "index", "tools", "bmi"]
  ) { input in
    var asked: [String] = []
    for hasIndexApp in [true, false] {
      for isThere in [true, false] {
        let path = DeployPath(
          input.text, hasIndexApp: hasIndexApp,
          isFile: { name in
            asked.append(name)
            return isThere
          },
          isDirectory: { name in
            asked.append(name)
            return true
          })
        if case .app(let file, let prefix) = path {
          asked.append(file)
          try require(prefix.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }, "the prefix \(prefix)")
        }
      }
    }
    for name in asked {
      let segments = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      let isPlain = segments.allSatisfy {
        $0.first.map { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "_") && $0 != 0 } ?? false
      }
      try require(isPlain && !name.utf8.contains(0), "it looks for \(name)")
    }
    let path = DeployPath(input.text, isFile: { _ in true }, isDirectory: { _ in true })
    return "\(path)".count > 60 ? "long" : "\(path)"
  }

  private static let hosts = FuzzTarget(
    "host",
    seeds: [
      "localhost", "localhost:8080", "127.0.0.1:80", "[::1]:80", "app.localhost", "evil.test", "1.2.3.4.evil.test",
      "[::1].evil.test", "localhost.",
    ],
    words: ["localhost", ".localhost", "127.0.0.1", "[::1]", ":80", "evil.test", "@"]
  ) { input in
    let host = input.text
    let isAllowed = HostGate().allows(host)
    // A request with another one does not come so far.
    if isAllowed, input.bytes.withCopiedBytes({ HostSyntax.isValid($0) }) {
      // Whoever is let in by name is this machine, or an address.
      let bytes = Array(host.utf8)
      let name =
        bytes.first == UInt8(ascii: "[")
        ? bytes.prefix { $0 != UInt8(ascii: "]") } + [UInt8(ascii: "]")] : Array(bytes.prefix { $0 != UInt8(ascii: ":") })
      let text = String(decoding: name, as: UTF8.self)
      let isLocal = text.lowercased() == "localhost" || text.lowercased().hasSuffix(".localhost")
      let isBracketed = text.hasPrefix("[") && text.contains(":")
      let isFour =
        text.split(separator: ".").count == 4 && text.utf8.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
      try require(isLocal || isBracketed || isFour, "\(text) is let in")
      try require(!host.contains("/") && !host.contains("@"), "\(host) is let in")
    }
    try require(
      !HostGate.isOwn(origin: "https://evil.test", host: host) || ASCII.equalsIgnoringCase(host, "evil.test"),
      "a foreign page is our own")
    _ = HostGate.isLoopback(host)
    return "\(isAllowed) \(host.utf8.count % 16)"
  }

  private static let networks = FuzzTarget(
    "networks",
    seeds: ["203.0.113.0/24", "2001:db8::/32", "10.0.0.1", "::ffff:10.0.0.1/8", "0.0.0.0/0", "203.0.113.9, 10.0.0.1"],
    words: ["/", "/0", "/32", "/128", "::", "ffff:", ".0"]
  ) { input in
    _ = PublicGate.client(of: input.text)
    if let address = SocketAddress(numericHost: input.text, port: 80), !input.text.utf8.contains(0) {
      try require(
        SocketAddress(numericHost: address.host, port: 80)?.bytes == address.bytes || address.bytes.count == 16,
        "\(address) is another address")
      if let network = PublicGate.Network(input.text) {
        try require(network.contains(input.text), "an address is not in itself")
      }
    }
    guard let network = PublicGate.Network(input.text) else { return "none" }
    return
      "\(network.contains("10.0.0.1")) \(network.contains("203.0.113.9")) \(network.contains("2001:db8::1")) \(network.contains(input.text))"
  }
}
