import COpenSSL
import Glibc
import WebIOPosix

/// A server's certificates: the first is the one for clients that name no host, or an unknown one.
///
/// They are loaded again when their files change and on SIGHUP. Connections that are open keep the one they began with;
/// a set of files that cannot be used changes nothing, and is warned of once.
@EventLoop
final class TLSCertificates {
  private let sources: [Source]
  private var contexts: [TLSContext]
  private let warn: @EventLoop (String) -> Void
  /// What OpenSSL's callback of each context gets.
  private let names: UnsafeMutablePointer<webio_server_names>

  /// Where a context comes from, and what tells that it should be made again.
  struct Source {
    let load: @EventLoop () throws -> TLSContext
    /// Nil: it never changes by itself.
    let state: @EventLoop () -> TLSFiles.State?
  }

  private var states: [TLSFiles.State?]

  static let checkInterval = Duration.seconds(5)

  init(_ sources: [Source], warn: @escaping @EventLoop (String) -> Void) throws {
    self.sources = sources
    self.warn = warn
    // Before loading: a file that is replaced meanwhile is then loaded again.
    states = sources.map { $0.state() }
    contexts = try sources.map { try $0.load() }
    names = .allocate(capacity: 1)
    names.initialize(to: webio_server_names(choose: Self.choose, argument: nil))
    names.pointee.argument = Unmanaged.passUnretained(self).toOpaque()
    contexts.forEach(adopt)
  }

  convenience init(files: [TLSFiles], warn: @escaping @EventLoop (String) -> Void) throws {
    try self.init(
      files.map { files in Source(load: { try TLSContext(files) }, state: { files.state }) }, warn: warn)
  }

  isolated deinit { names.deallocate() }

  /// For a new connection.
  var primary: TLSContext { contexts[0] }

  private func adopt(_ context: TLSContext) {
    webio_ssl_ctx_set_server_names(context.pointer, names)
    if let warning = context.warning { warn(warning) }
  }

  /// SNI, RFC 6066 section 3: called by OpenSSL within a handshake, which is on the loop.
  private nonisolated static let choose: webio_choose_certificate = { asking, wanted, argument in
    guard let asking, let wanted, let argument else { return }
    let certificates = Unmanaged<TLSCertificates>.fromOpaque(argument).takeUnretainedValue()
    // They do not leave this call.
    nonisolated(unsafe) let (connection, name) = (asking, wanted)
    EventLoop.assumeIsolated {
      let context = certificates.contexts.first { $0.covers(name) } ?? certificates.primary
      SSL_set_SSL_CTX(connection, context.pointer)
    }
  }

  /// Loads what has changed, or all of it. Gives whether something new is in use.
  @discardableResult
  func reload(all: Bool = false) -> Bool {
    var hasChanged = false
    for (index, source) in sources.enumerated() {
      let state = source.state()
      guard all || state != states[index] else { continue }
      states[index] = state
      do {
        let context = try source.load()
        adopt(context)
        contexts[index] = context
        hasChanged = true
      } catch {
        warn("\(error); the certificate that was loaded before stays in use")
      }
    }
    return hasChanged
  }

  /// Looks at the files every few seconds, as long as the server has this object, and loads all at SIGHUP. On a terminal
  /// that signal goes on meaning that the terminal is gone.
  func watch(by clock: @escaping Clock = { Reactor.shared.schedule(after: $0, $1) }) {
    if isatty(0) == 0 { try? ProcessSignals.observe(SIGHUP) { [weak self] in self?.reload(all: true) } }
    scheduleCheck(clock)
  }

  /// Calls something once, after a while.
  typealias Clock = @EventLoop (Duration, @escaping @EventLoop () -> Void) -> Void

  private func scheduleCheck(_ clock: @escaping Clock) {
    clock(Self.checkInterval) { [weak self] in
      guard let self else { return }
      reload()
      scheduleCheck(clock)
    }
  }
}
