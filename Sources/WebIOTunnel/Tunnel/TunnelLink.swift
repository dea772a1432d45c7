import WebIOPosix

/// One connection to the server, from the first packet to the last: the part that an engine does.
///
/// It is used once. Everything it has to say goes to its delegate, and `linkDidEnd` comes exactly once and last, not from
/// within `start` and not after `close`.
@EventLoop
protocol TunnelLink: AnyObject {
  func start()
  /// Ends the connection in good order; the visitors' streams are closed.
  func close()
  /// There is a new link, address or route on this machine: what waits for an answer asks again, and an open connection
  /// has to prove itself.
  func networkDidChange()
  /// The two ends of the connection, once there is one.
  var localAddress: SocketAddress? { get }
  var serverAddress: SocketAddress? { get }
  /// What is left of a connection that ended because nothing came any more.
  var staleConnection: StaleConnection? { get }
}

@EventLoop
protocol TunnelLinkDelegate: AnyObject {
  func link(_ link: any TunnelLink, didTrustOnFirstUse key: HostKey)
  /// The server accepted the forward; `port` is the one it bound.
  func link(_ link: any TunnelLink, didBind port: UInt16)
  /// What the server's session writes, on either of its streams.
  func link(_ link: any TunnelLink, didReceive text: [UInt8])
  /// The session has nothing more to say; the forward may live on.
  func linkSessionDidEnd(_ link: any TunnelLink)
  func link(_ link: any TunnelLink, didAccept visitor: any ByteStream)
  func linkDidEnd(_ link: any TunnelLink, error: TunnelError)
}

/// What a link is asked for.
struct LinkRequest {
  let configuration: TunnelConfiguration
  let checker: HostKeyChecker
  /// The port to bind, which is the one of the last connection where the server once chose it.
  let port: UInt16
  /// The tunnel was open before: the server is where it was, and nobody is there to read long explanations.
  let isRetry: Bool
  /// Where the server was found the last time.
  let lastAddress: SocketAddress?
  /// The connection before, if the server may still hold it.
  let staleConnection: StaleConnection?

  var connectTimeout: Duration { isRetry ? .seconds(4) : .seconds(10) }
}
