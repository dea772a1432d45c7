import WebIOPosix

/// The fields that describe one representation of a file: made once for each state of it.
struct StaticFile: Sendable {
  let type: String
  let fields: HTTPFields
  let validators: Validators
  let isCompressible: Bool
  let allowsRanges: Bool
  private let size: Int
  private let seconds: Int
  private let nanoseconds: Int

  /// `tag` makes the entity tag of one coding another than that of the next.
  init(_ file: RegularFile, type: String, _ cacheControl: String, coding: String? = nil, tag: String = "") {
    self.type = type
    size = file.size
    seconds = file.modifiedSeconds
    nanoseconds = file.modifiedNanoseconds
    isCompressible = MediaType.isCompressible(type)
    allowsRanges = coding == nil
    validators = Validators(etag: Self.etag(file, tag), modified: HTTPDate(seconds: file.modifiedSeconds))
    var fields = HTTPFields()
    fields.append("Content-Type", type)
    if let coding { fields.append("Content-Encoding", coding) }
    fields.append("X-Content-Type-Options", "nosniff")
    fields.append("Cache-Control", cacheControl)
    fields.append("ETag", validators.etag)
    fields.append("Last-Modified", validators.modified.description)
    if allowsRanges { fields.append("Accept-Ranges", "bytes") }
    if isCompressible { fields.append("Vary", "Accept-Encoding") }
    self.fields = fields
  }

  private static func etag(_ file: RegularFile, _ tag: String) -> String {
    var etag: [UInt8] = [UInt8(ascii: "\"")]
    etag.append(hex: file.modifiedSeconds)
    etag.append(UInt8(ascii: "."))
    etag.append(hex: file.modifiedNanoseconds)
    etag.append(UInt8(ascii: "."))
    etag.append(hex: file.size)
    etag.append(text: tag)
    etag.append(UInt8(ascii: "\""))
    return String(decoding: etag, as: UTF8.self)
  }

  func describes(_ file: RegularFile) -> Bool {
    file.size == size && file.modifiedSeconds == seconds && file.modifiedNanoseconds == nanoseconds
  }

  /// Answers the request where the validators alone settle it.
  @EventLoop
  func settles(_ exchange: HTTPExchange) -> Bool {
    switch validators.evaluate(exchange.request.fields) {
    case .proceed: return false
    case .notModified:
      var fields = fields
      fields.remove("Content-Type")
      fields.remove("Content-Encoding")
      exchange.respond(.notModified, fields)
    case .preconditionFailed: exchange.respond(412)
    }
    return true
  }
}
