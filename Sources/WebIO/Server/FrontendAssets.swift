import CWebIOFrontend
import WebIOHTTP

/// The page's files, as they are in the binary.
enum FrontendAssets {
  static func file(_ name: String) -> UnsafeRawBufferPointer? {
    var name = name
    let asset = name.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { webio_frontend_lookup($0.baseAddress, $0.count) }
    }
    guard let asset = asset?.pointee else { return nil }
    return UnsafeRawBufferPointer(start: asset.bytes, count: asset.size)
  }

  static func text(_ name: String) -> String {
    guard let file = file(name) else { preconditionFailure("the page has no file \(name)") }
    return String(decoding: file, as: UTF8.self)
  }

  /// The languages beside English and Chinese: each has a file `lang-CODE.js`.
  static let languages: [String] = (0..<webio_frontend_count()).compactMap { index in
    guard let asset = webio_frontend_asset(index)?.pointee else { return nil }
    let name = String(cString: asset.name)
    return name.hasPrefix("lang-") && name.hasSuffix(".js") ? String(name.dropFirst(5).dropLast(3)) : nil
  }

  /// A hash of everything, so that a browser may keep assets for ever.
  static let version: String = {
    var hash = ContentHash()
    for index in 0..<webio_frontend_count() {
      guard let asset = webio_frontend_asset(index)?.pointee else { continue }
      hash.add(UnsafeRawBufferPointer(start: asset.bytes, count: asset.size))
    }
    return hash.text
  }()
}

/// Joins modules into one, so that the page needs one request for all of them.
///
/// The modules keep to a form that makes this a matter of lines: imports of one line, exports at a line's start, every
/// top-level name unique. Comments and indentation go, because every visitor pays for them.
package enum FrontendLinker {
  static let core: [UInt8] = join(list: "core.list")
  /// What `webio dev` adds to the page.
  package static let dev: [UInt8] = join(list: "dev.list")

  private static func join(list: String) -> [UInt8] {
    join(lines(of: FrontendAssets.text(list)).map { FrontendAssets.text($0) })
  }

  static func join(_ modules: [String]) -> [UInt8] {
    var result: [UInt8] = []
    for module in modules {
      for line in module.utf8.split(separator: UInt8(ascii: "\n")) {
        var line = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if line.isEmpty || starts(line, with: "//") || starts(line, with: "import {") { continue }
        if starts(line, with: "export ") { line = line.dropFirst(7) }
        result.append(contentsOf: line)
        result.append(UInt8(ascii: "\n"))
      }
    }
    return result
  }

  private static func starts(_ line: Substring.UTF8View.SubSequence, with prefix: StaticString) -> Bool {
    line.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
  }

  private static func lines(of text: String) -> [String] {
    text.utf8.split(separator: UInt8(ascii: "\n")).map { String(decoding: Array($0), as: UTF8.self) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }
}
