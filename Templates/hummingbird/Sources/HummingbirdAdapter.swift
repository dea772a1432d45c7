import HTTPTypes
import Hummingbird
import NIOCore
import WebIO

/// Answers what is below a prefix by the apps, and hands on the rest.
struct AppMiddleware: RouterMiddleware {
  let apps: AppHandler
  let prefix: String

  func handle(
    _ request: Request, context: VisitorContext, next: (Request, VisitorContext) async throws -> Response
  ) async throws -> Response {
    let path = request.uri.path
    guard path.hasPrefix(prefix), (path.dropFirst(prefix.count).first ?? "/") == "/" else {
      return try await next(request, context)
    }
    var fields = request.headers.map { (name: $0.name.rawName, value: $0.value) }
    // Hummingbird has it apart, as HTTP/2 does.
    if let host = request.head.authority { fields.append(("Host", host)) }
    // One byte more than the apps take is enough to refuse the rest.
    var body: [UInt8] = []
    for try await piece in request.body where body.count <= apps.bodyLimit { body += piece.readableBytesView }
    let answer = try await apps.respond(
      to: AppRequest(
        method: request.method.rawValue, target: request.uri.description, fields: fields, body: body,
        peerAddress: context.address))
    // `WebSocketUpgrade` has those that come first on their connection, and browsers send no others.
    guard answer.webSocket == nil else { return Response(status: .upgradeRequired) }
    let stream = ResponseBody(contentLength: answer.contentLength) { writer in
      for try await piece in answer.body { try await writer.write(ByteBuffer(bytes: piece)) }
      try await writer.finish(nil)
    }
    return Response(status: .init(code: answer.status), headers: HTTPFields(answer.fields), body: stream)
  }
}

extension HTTPFields {
  init(_ fields: [(name: String, value: String)]) {
    self.init()
    for (name, value) in fields {
      if let name = HTTPField.Name(name) { append(HTTPField(name: name, value: value)) }
    }
  }
}

/// What Hummingbird knows of a request, with the address that it came from.
struct VisitorContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let address: String

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    address = source.channel.remoteAddress?.ipAddress ?? ""
  }
}
