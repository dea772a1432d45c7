import WebIOPosix

/// A page's transport as its session sees it.
@EventLoop
protocol SessionLink: AnyObject {
  /// False while the page takes no more; the link then calls `flush` when it does.
  var canSend: Bool { get }
  func send(_ first: Int, _ commands: ArraySlice<[UInt8]>)
  func acknowledge(event: Int)
  func acknowledge(upload: Spec)
  /// The session is over: the page gets what is written, then the transport closes.
  func end()
  /// Another page has taken the session over.
  func replaced()
}

extension SessionLink {
  /// A page that sends its files in one message hears nothing of them.
  func acknowledge(upload: Spec) {}
}
