import WebIOPosix

extension HTTPConnection {
  /// Writes status line and fields, and decides how the body is framed. RFC 9112 section 6.
  ///
  /// `isWhole`: `contentLength` is the length of a body that is here, not what the handler said.
  func writeHead(
    _ exchange: HTTPExchange, _ status: HTTPStatus, _ fields: HTTPFields, contentLength: Int?, isWhole: Bool
  ) {
    if let name = fields.invalidName {
      server.report("field \(name) has a value that cannot be sent: answered 500")
      closesAfterResponse = true
      writeHead(exchange, 500, HTTPFields(), contentLength: 0, isWhole: true)
      exchange.responseState = .bodiless
      return
    }
    let status = status.isInformational ? 500 : status
    exchange.status = status
    var declared = contentLength
    if fields.hasReserved {
      if fields.contains("close", in: "Connection") { closesAfterResponse = true }
      let own = fields.withFirst(.contentLength) { ASCII.decimal($0) } ?? nil
      if !isWhole || contentLength == 0 && exchange.request.isHead { declared = own ?? contentLength }
    }
    let start = output.count
    appendHead(exchange, status, fields, declared, to: &output)
    exchange.sentBytes += output.count - start
  }

  private func appendHead(
    _ exchange: HTTPExchange, _ status: HTTPStatus, _ fields: HTTPFields, _ length: Int?, to output: inout [UInt8]
  ) {
    output.append(server.options.maximumMinorVersion == 0 ? "HTTP/1.0 " : "HTTP/1.1 ")
    output.append(status: status)
    if !fields.hasReserved || fields.first(.date) == nil { output += LoopClock.shared.dateLine }
    append(fields, to: &output)
    appendFraming(exchange, status, length, to: &output)
    if closesAfterResponse {
      output.append("Connection: close\r\n")
    } else if exchange.request.saidKeepAlive, let idle = server.limits.idle {
      output.append("Connection: keep-alive\r\nKeep-Alive: timeout=")
      output.append(decimal: max(1, idle.wholeMilliseconds / 1_000))
      output.append("\r\n")
    }
    output.append("\r\n")
  }

  private func appendFraming(
    _ exchange: HTTPExchange, _ status: HTTPStatus, _ length: Int?, to output: inout [UInt8]
  ) {
    if status.forbidsBody {
      exchange.responseState = .bodiless
    } else if let length {
      output.append("Content-Length: ")
      output.append(decimal: length)
      output.append("\r\n")
      exchange.responseState = exchange.request.isHead ? .bodiless : .length(length)
    } else if exchange.request.minorVersion == 0 || server.options.maximumMinorVersion == 0 {
      closesAfterResponse = true
      exchange.responseState = exchange.request.isHead ? .bodiless : .untilClose
    } else {
      output.append("Transfer-Encoding: chunked\r\n")
      exchange.responseState = exchange.request.isHead ? .bodiless : .chunked
    }
  }

  func writeInformational(_ status: HTTPStatus, _ fields: HTTPFields) {
    guard fields.invalidName == nil else { return }
    output.append("HTTP/1.1 ")
    output.append(status: status)
    append(fields, to: &output)
    output.append("\r\n")
  }

  func writeBody(_ bytes: UnsafeRawBufferPointer, _ exchange: HTTPExchange) {
    switch exchange.responseState {
    case .none, .bodiless, .finished: return
    case .untilClose: write(bytes, exchange)
    case .length(let remaining):
      // More than was declared would be read as the next answer.
      guard bytes.count <= remaining else { return stream.abort() }
      exchange.responseState = .length(remaining - bytes.count)
      write(bytes, exchange)
    case .chunked:
      if exchange.chunk.count + bytes.count < server.options.minimumChunkSize {
        exchange.chunk.append(contentsOf: bytes)
      } else {
        writeChunk(bytes, exchange)
      }
    }
  }

  private func writeChunk(_ bytes: UnsafeRawBufferPointer, _ exchange: HTTPExchange) {
    let start = output.count
    output.append(hex: exchange.chunk.count + bytes.count)
    output.append("\r\n")
    output += exchange.chunk
    exchange.sentBytes += output.count - start + 2
    exchange.chunk = []
    write(bytes, exchange)
    output.append("\r\n")
  }

  /// Ends the body as its framing wants it; `finished` says that it is whole.
  func endBody(_ exchange: HTTPExchange) {
    switch exchange.responseState {
    case .none, .finished: return
    case .length(let remaining):
      if remaining > 0 { return }
    case .chunked:
      if !exchange.chunk.isEmpty { writeChunk(UnsafeRawBufferPointer(start: nil, count: 0), exchange) }
      let start = output.count
      output.append("0\r\n")
      if exchange.responseTrailers.invalidName == nil { append(exchange.responseTrailers, to: &output) }
      output.append("\r\n")
      exchange.sentBytes += output.count - start
    case .untilClose, .bodiless: break
    }
    exchange.responseState = .finished
  }

  /// All fields but those that are ours.
  func append(_ fields: HTTPFields, to output: inout [UInt8]) {
    if fields.isWire, !fields.hasReserved, !server.options.capitalizesNames {
      output.append(contentsOf: fields.bytes)
      return
    }
    fields.bytes.withUnsafeBytes { bytes in
      for entry in fields.entries where !entry.kind.isReserved || entry.kind == .date {
        append(name: HTTPFields.name(entry, in: bytes), to: &output)
        output.append(": ")
        output.append(contentsOf: HTTPFields.value(entry, in: bytes))
        output.append("\r\n")
      }
    }
  }

  private func append(name: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    guard server.options.capitalizesNames else { return output.append(contentsOf: name) }
    var isFirst = true
    for byte in name {
      output.append(isFirst ? ASCII.upper(byte) : ASCII.lower(byte))
      isFirst = byte == UInt8(ascii: "-")
    }
  }
}

extension [UInt8] {
  /// The rest of a status line.
  mutating func append(status: HTTPStatus) {
    append(decimal: status.code)
    append(0x20)
    append(status.phrase)
    append("\r\n")
  }
}
