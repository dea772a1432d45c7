import FlyingFox
import Foundation
import WebIO

extension AppHandler {
  /// Answers a request of FlyingFox.
  func respond(to request: HTTPRequest) async throws -> HTTPResponse {
    var fields: [(name: String, value: String)] = []
    for name in request.headers.keys {
      for value in request.headers.values(for: name) { fields.append((name.rawValue, value)) }
    }
    // One byte more than the apps take is enough to refuse the rest.
    var body: [UInt8] = []
    for try await piece in request.bodySequence where body.count <= bodyLimit { body += piece }
    let answer = try await respond(
      to: AppRequest(
        method: request.method.rawValue, target: request.target.rawValue, fields: fields, body: body,
        peerAddress: address(of: request)))
    if let socket = answer.webSocket {
      let frames = MessageFrameWSHandler(handler: Relay(socket: socket))
      return try await WebSocketHTTPHandler(handler: frames).handleRequest(request)
    }
    var headers = HTTPHeaders()
    for (name, value) in answer.fields { headers.addValue(value, for: HTTPHeader(name)) }
    if let length = answer.contentLength { headers[.contentLength] = "\(length)" }
    return HTTPResponse(
      statusCode: HTTPStatusCode(answer.status, phrase: ""), headers: headers, body: Data(try await answer.body.bytes()))
  }
}

private func address(of request: HTTPRequest) -> String {
  switch request.remoteAddress {
  case .ip4(let address, _), .ip6(let address, _): address
  case .unix, nil: ""
  }
}

/// A session's messages as FlyingFox has them.
private struct Relay: WSMessageHandler {
  let socket: WebSocket

  func makeMessages(for client: AsyncStream<WSMessage>) async throws -> AsyncStream<WSMessage> {
    AsyncStream { messages in
      let task = Task {
        let incoming = client.compactMap { message -> WebSocket.Message? in
          switch message {
          case .text(let text): .text(text)
          case .data(let data): .binary([UInt8](data))
          case .close: nil
          }
        }
        let end = await socket.relay(incoming) { message in
          switch message {
          case .text(let text): messages.yield(.text(text))
          case .binary(let bytes): messages.yield(.data(Data(bytes)))
          }
        }
        messages.yield(.close(WSCloseCode(end.code, reason: end.reason)))
        messages.finish()
      }
      messages.onTermination = { _ in task.cancel() }
    }
  }
}
