import WebIOPosix

/// Sends a part of a file at the pace of the client, 64 KiB at a time.
@EventLoop
final class FileSender {
  private let exchange: HTTPExchange
  private let file: RegularFile
  private var range: Range<Int>

  private static let pieceSize = 64 << 10

  static func send(
    _ exchange: HTTPExchange, _ status: HTTPStatus, _ fields: HTTPFields, _ file: RegularFile, _ range: Range<Int>
  ) {
    guard !exchange.request.isHead else {
      exchange.startResponse(status, fields, contentLength: range.count)
      return exchange.finish()
    }
    if range.count <= pieceSize {
      // A file that shrank meanwhile must not be told as whole.
      guard let bytes = file.read(at: range.lowerBound, count: range.count), bytes.count == range.count else {
        return exchange.respond(.internalServerError)
      }
      return exchange.respond(status, fields, bytes)
    }
    exchange.startResponse(status, fields, contentLength: range.count)
    let sender = FileSender(exchange, file, range)
    exchange.onDrain = { sender.sendInTurn() }
    sender.sendInTurn()
  }

  private init(_ exchange: HTTPExchange, _ file: RegularFile, _ range: Range<Int>) {
    self.exchange = exchange
    self.file = file
    self.range = range
  }

  /// Those that wait for their turn, a piece each; a turn of the loop sends some, however many clients download.
  private static var queue: [FileSender] = []
  private static let piecesATurn = 4

  private func sendInTurn() {
    Self.queue.append(self)
    if Self.queue.count == 1 { EventLoop.run { Self.sendPieces() } }
  }

  private static func sendPieces() {
    let senders = queue.prefix(piecesATurn)
    for sender in senders { sender.sendMore() }
    queue.removeFirst(senders.count)
    if !queue.isEmpty { EventLoop.run { sendPieces() } }
  }

  private func sendMore() {
    guard !exchange.isFinished else { return }
    if range.isEmpty { return exchange.finish() }
    // Draining calls again.
    if exchange.bufferedBytes > highWaterMark { return }
    let count = min(Self.pieceSize, range.count)
    guard let bytes = file.read(at: range.lowerBound, count: count), bytes.count == count else {
      return exchange.abort()
    }
    exchange.write(bytes)
    range = range.dropFirst(count)
    if !exchange.isFinished, exchange.bufferedBytes <= highWaterMark { sendInTurn() }
  }
}
