import WebIOPosix

/// Serves the files beneath a directory: GET and HEAD, one range, validators, gzip. No directory listing, no index file.
///
/// All refusals are the same 404. Everything after the opening works on the open file, never on its name.
@EventLoop
package final class StaticFiles: HTTPRequestHandler {
  private let root: RootDirectory
  private let prefix: [UInt8]
  private let cacheControl: String
  private var compressed = CompressedFiles()
  private var known: [[UInt8]: StaticFile] = [:]

  /// - Parameters:
  ///   - directory: Whose files are served.
  ///   - prefix: What the URL's path starts with, both slashes included.
  ///   - cacheControl: Sent with each file. `no-cache` lets browsers ask whether it has changed.
  package init(directory: String, prefix: String = "/static/", cacheControl: String = "no-cache") throws {
    root = try RootDirectory(directory)
    self.prefix = Array(prefix.utf8)
    self.cacheControl = cacheControl
  }

  /// Whether the request's path is one of ours.
  package func covers(_ request: HTTPRequestHead) -> Bool {
    request.withPath { $0.starts(with: prefix) }
  }

  package func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    guard request.isGet || request.isHead else {
      return exchange.respond(.methodNotAllowed, ["Allow": "GET, HEAD"])
    }
    guard let name = name(request), let file = root.open(name) else {
      return exchange.respond(.notFound, text: "There is nothing at this address.\n")
    }
    serve(exchange, name, file)
  }

  private func name(_ request: HTTPRequestHead) -> [UInt8]? {
    request.withPath { path in
      guard path.starts(with: prefix) else { return nil }
      return StaticPath.decode(UnsafeRawBufferPointer(rebasing: path[prefix.count...]))
    }
  }

  private func serve(_ exchange: HTTPExchange, _ name: [UInt8], _ file: RegularFile) {
    let description = describe(file, name)
    // A range is one of the file itself.
    if description.isCompressible, !exchange.request.fields.contains("Range"),
      Gzip.isAccepted(by: exchange.request.fields)
    {
      if let packed = root.open(name + Array(".gz".utf8)), packed.modifiedSeconds >= file.modifiedSeconds {
        let variant = StaticFile(packed, type: description.type, cacheControl, coding: "gzip", tag: "-gz")
        return send(exchange, packed, variant)
      }
      let variant = StaticFile(file, type: description.type, cacheControl, coding: "gzip", tag: "-z")
      if let bytes = compressed.bytes(of: file, name, variant.validators.etag) {
        if variant.settles(exchange) { return }
        return exchange.respond(.ok, variant.fields, bytes)
      }
    }
    send(exchange, file, description)
  }

  private func describe(_ file: RegularFile, _ name: [UInt8]) -> StaticFile {
    if let description = known[name], description.describes(file) { return description }
    let description = StaticFile(file, type: MediaType.of(path: name), cacheControl)
    if known.count >= 1_000 { known = [:] }
    known[name] = description
    return description
  }

  private func send(_ exchange: HTTPExchange, _ file: RegularFile, _ description: StaticFile) {
    if description.settles(exchange) { return }
    let request = exchange.request
    // RFC 9110 section 14.2: a range means something for GET only.
    let isRangeable = request.isGet && description.allowsRanges && description.validators.allowRange(request.fields)
    switch ByteRange(isRangeable ? request.fields["Range"] : nil, size: file.size) {
    case .whole: FileSender.send(exchange, .ok, description.fields, file, 0..<file.size)
    case .part(let range):
      var fields = description.fields
      fields.append("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)")
      FileSender.send(exchange, .partialContent, fields, file, range)
    case .unsatisfiable:
      exchange.respond(.rangeNotSatisfiable, ["Content-Range": "bytes */\(file.size)"])
    }
  }
}

/// Text files after gzip, as far as 4 MiB go; a changed file has another tag.
private struct CompressedFiles {
  private var files: [[UInt8]: (etag: String, bytes: [UInt8])] = [:]
  private var size = 0

  private static let sizes = 256...1 << 20
  private static let capacity = 4 << 20

  mutating func bytes(of file: RegularFile, _ name: [UInt8], _ etag: String) -> [UInt8]? {
    if let known = files[name], known.etag == etag { return known.bytes }
    guard Self.sizes ~= file.size, let plain = file.read(at: 0, count: file.size) else { return nil }
    let bytes = Gzip.compress(plain)
    size += bytes.count - (files[name]?.bytes.count ?? 0)
    files[name] = (etag, bytes)
    if size > Self.capacity {
      files = [:]
      size = 0
    }
    return bytes
  }
}
