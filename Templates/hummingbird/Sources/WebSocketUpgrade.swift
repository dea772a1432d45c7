import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import Synchronization
import WebIO

extension HTTPServerBuilder {
  /// HTTP/1.1, where a request for a WebSocket is one to the apps.
  static func http1(webSocketsOf apps: AppHandler) -> HTTPServerBuilder {
    HTTPServerBuilder { WebSocketUpgrade(apps: apps, responder: $0) }
  }
}

/// A connection whose first request asks for a WebSocket becomes that of a session, if the apps agree. All other requests are
/// the router's.
struct WebSocketUpgrade: HTTPChannelHandler {
  typealias Frames = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

  enum Outcome: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case refused(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, AppResponse)
    case webSocket(Frames, WebSocket)
  }

  struct Value: ServerChildChannelValue {
    let channel: any Channel
    let outcome: EventLoopFuture<Outcome>
  }

  let apps: AppHandler
  let responder: Responder

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let answer = Answer()
      let upgrader = NIOTypedWebSocketServerUpgrader<Outcome>(
        maxFrameSize: 16 << 20,
        shouldUpgrade: { channel, head in
          channel.eventLoop.makeFutureWithTask { try await ask(head, channel.remoteAddress, answer) }
        },
        upgradePipelineHandler: { channel, _ in
          channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(
              NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 4_096, maxAccumulatedFrameSize: apps.bodyLimit))
            guard let socket = answer.value.withLock({ $0?.webSocket }) else { throw ChannelError.ioOnClosedChannel }
            return .webSocket(try Frames(wrappingChannelSynchronously: channel), socket)
          }
        })
      var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
        upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(upgraders: [upgrader]) { channel in
          channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: .seconds(30), logger: logger))
            let http = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
              wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            return answer.value.withLock { $0.map { .refused(http, $0) } ?? .http(http) }
          }
        })
      configuration.enablePipelining = false
      let outcome = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(configuration: configuration)
      return Value(channel: channel, outcome: outcome)
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.outcome.get() {
      case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
      case .refused(let channel, let answer): try await send(answer, channel)
      case .webSocket(let frames, let socket): try await relay(frames, socket)
      }
    } catch {
      logger.debug("A connection ended early", metadata: ["error": "\(error)"])
    }
  }

  /// Nil is no.
  private func ask(_ head: HTTPRequestHead, _ address: SocketAddress?, _ answer: Answer) async throws -> HTTPHeaders? {
    // What is not below the prefix, the apps answer with 404.
    let fields = head.headers.map { (name: $0.name, value: $0.value) }
    let response = try await apps.respond(
      to: AppRequest(target: head.uri, fields: fields, peerAddress: address?.ipAddress ?? ""))
    answer.value.withLock { $0 = response }
    return response.webSocket == nil ? nil : HTTPHeaders()
  }

  private func send(
    _ answer: AppResponse, _ channel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
  ) async throws {
    try await channel.executeThenClose { _, outbound in
      let body = try await answer.body.bytes()
      var head = HTTPResponse(status: .init(code: answer.status))
      head.headerFields = HTTPFields(answer.fields)
      head.headerFields[.contentLength] = "\(body.count)"
      head.headerFields[.connection] = "close"
      try await outbound.write(contentsOf: [.head(head), .body(ByteBuffer(bytes: body)), .end(nil)])
    }
  }

  private func relay(_ frames: Frames, _ socket: WebSocket) async throws {
    try await frames.executeThenClose { inbound, outbound in
      let heard = Heard()
      let messages = inbound.compactMap { frame -> WebSocket.Message? in
        heard.now()
        switch frame.opcode {
        case .text: return .text(String(buffer: frame.unmaskedData))
        case .binary: return .binary([UInt8](buffer: frame.unmaskedData))
        case .ping:
          try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
          return nil
        case .connectionClose: throw ChannelError.inputClosed
        default: return nil
        }
      }
      // Who says nothing to a ping is gone.
      let pings = Task {
        while heard.since() {
          try await outbound.write(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()))
          try await Task.sleep(for: .seconds(30))
        }
        try await frames.channel.close()
      }
      defer { pings.cancel() }
      let end = await socket.relay(messages) { message in
        let frame =
          switch message {
          case .text(let text): WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
          case .binary(let bytes): WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: bytes))
          }
        try await outbound.write(frame)
      }
      var reason = ByteBuffer()
      reason.write(webSocketErrorCode: WebSocketErrorCode(codeNumber: Int(end.code)))
      reason.writeString(end.reason)
      try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: reason))
    }
  }
}

/// What the apps said, until the connection is what it becomes.
private final class Answer: Sendable {
  let value = Mutex<AppResponse?>(nil)
}

/// Whether there was anything since the last look.
private final class Heard: Sendable {
  private let flag = Atomic(true)

  func now() { flag.store(true, ordering: .relaxed) }
  func since() -> Bool { flag.exchange(false, ordering: .relaxed) }
}
