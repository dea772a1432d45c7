/// The opening handshake, both sides. RFC 6455 section 4.
enum WebSocketHandshake {
  struct Acceptance {
    /// The fields of the 101 answer.
    var fields = HTTPFields()
    var subprotocol: String?
    var deflate: WebSocketDeflateParameters?
  }

  /// What goes with 400 and 426. RFC 6455 section 4.4.
  static var refusalFields: HTTPFields { ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"] }

  static func accept(
    _ request: HTTPRequestHead, subprotocol: String?, compression: Bool, contextTakeover: Bool = false
  ) throws(HTTPError) -> Acceptance {
    let fields = request.fields
    guard request.isGet, request.minorVersion == 1 else { throw .malformed("a WebSocket starts with GET of HTTP/1.1") }
    guard request.wantsUpgrade, fields.contains("websocket", in: "Upgrade") else {
      throw HTTPError(.unsupported, .upgradeRequired, "this address speaks WebSocket only")
    }
    guard request.framing == .none else { throw .malformed("a WebSocket handshake with a body") }
    let versions = fields.all("Sec-WebSocket-Version")
    guard versions == ["13"] else {
      throw HTTPError(.unsupported, .upgradeRequired, "not version 13 of WebSocket")
    }
    let keys = fields.all("Sec-WebSocket-Key")
    guard keys.count == 1, let nonce = Base64.decode(keys[0]), nonce.count == 16 else {
      throw .malformed("no valid Sec-WebSocket-Key")
    }
    var acceptance = Acceptance()
    acceptance.fields.append("Upgrade", "websocket")
    acceptance.fields.append("Connection", "Upgrade")
    acceptance.fields.append("Sec-WebSocket-Accept", answer(to: keys[0]))
    if let subprotocol {
      guard fields.contains(subprotocol, in: "Sec-WebSocket-Protocol") else {
        throw .malformed("the subprotocol is not offered")
      }
      acceptance.subprotocol = subprotocol
      acceptance.fields.append("Sec-WebSocket-Protocol", subprotocol)
    }
    if compression {
      let offers = fields.all("Sec-WebSocket-Extensions")
      if let deflate = WebSocketDeflateParameters.choose(from: offers, contextTakeover: contextTakeover) {
        acceptance.deflate = deflate
        acceptance.fields.append("Sec-WebSocket-Extensions", deflate.description)
      }
    }
    return acceptance
  }

  static func answer(to key: String) -> String {
    Base64.encode(SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
  }
}
