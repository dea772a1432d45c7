import Glibc
import WebIOPosix

/// A connection by the system's `ssh`, which forwards visitors to a unix socket of ours.
///
/// It can what libssh2 1.10 cannot: RSA keys with SHA-2, keys in hardware, newer ciphers. Its child never outlives us.
@EventLoop
final class OpenSSHLink: TunnelLink {
  private let request: LinkRequest
  private weak var delegate: (any TunnelLinkDelegate)?
  private var greeting: Greeting?
  private var afterGreeting: (@EventLoop () -> Void)?
  private var scan: KeyScan?
  private var socket: VisitorSocket?
  private var child: ChildProcess?
  private var logStream: SocketStream?
  private var logDescriptor: Int32 = -1
  private var input: Int32 = -1
  private var log = OpenSSHLog()
  private var logLines = LineBuffer()
  private var deadline: TimerToken?
  private var hasSession = true
  private var trustedKeys: [HostKey] = []
  private var port: UInt16
  private var isBound = false
  private var isForwardRefused = false
  private var isEnded = false
  private var patience: TimerToken?
  private var connection: BorrowedSocket?
  private var visitors = 0
  private(set) var staleConnection: StaleConnection?
  private(set) var localAddress: SocketAddress?
  private(set) var serverAddress: SocketAddress?

  init(_ request: LinkRequest, delegate: any TunnelLinkDelegate) {
    self.request = request
    self.delegate = delegate
    port = request.port
  }

  private var configuration: TunnelConfiguration { request.configuration }
  private var target: TunnelTarget { request.configuration.target }

  // MARK: Before the login

  /// A server that was there before is asked whether it is again before a process is started for it, which costs more.
  func start() {
    trustedKeys = request.checker.knownKeys
    guard request.isRetry || trustedKeys.isEmpty else { return launch() }
    greet { [weak self] in
      guard let self else { return }
      if trustedKeys.isEmpty { scanKeys() } else { launch() }
    }
  }

  /// Goes on with `body` where an SSH server answers, and ends with what is there instead.
  private func greet(_ body: @escaping @EventLoop () -> Void) {
    afterGreeting = body
    guard greeting == nil else { return }
    greeting = Greeting(request) { [weak self] error in
      guard let self else { return }
      localAddress = greeting?.localAddress
      serverAddress = greeting?.serverAddress
      greeting = nil
      if let error { end(error) } else { afterGreeting?() }
      afterGreeting = nil
    }
  }

  func networkDidChange() { greeting?.dialAgain() }

  /// For a host that nobody knows, for a pinned key, and to tell what is wrong when ssh has refused a key.
  private func scanKeys() {
    do {
      scan = try KeyScan(target, types: request.checker.scannedKeyTypes) { [weak self] result in
        guard let self, !isEnded else { return }
        scan = nil
        switch result {
        case .success(let keys): check(keys)
        case .failure(let error): end(error)
        }
      }
    } catch {
      end(error as? TunnelError ?? .connectionLost("\(error)"))
    }
  }

  private func check(_ keys: [HostKey]) {
    let order = request.checker.scannedKeyTypes
    let best = keys.min { (order.firstIndex(of: $0.type) ?? .max) < (order.firstIndex(of: $1.type) ?? .max) }
    guard let best else { return end(.connectionLost("\(target.endpoint) showed no host key")) }
    do {
      if try request.checker.check(best) == .firstUse { delegate?.link(self, didTrustOnFirstUse: best) }
      if log.isHostKeyRefused { return end(.connectionLost("ssh refused the host key of \(target.endpoint)")) }
      trustedKeys = [best]
      if !isEnded { launch() }
    } catch {
      end(error as? TunnelError ?? .connectionLost("\(error)"))
    }
  }

  // MARK: The process

  private func launch() {
    do {
      guard let path = Environment.executable("ssh") else { throw TunnelError.noOpenSSH }
      let socket = try self.socket ?? VisitorSocket { [weak self] in self?.accept($0) }
      self.socket = socket
      let knownHosts = socket.directory + "/known_hosts"
      let lines = trustedKeys.map { KnownHosts.line(host: target.host, port: target.port, key: $0) }
      try Files.replace(knownHosts, Array(lines.joined().utf8), mode: 0o600)
      let settings = socket.directory + "/config"
      try Files.replace(settings, Array(OpenSSHCommand.configurationText.utf8), mode: 0o600)
      let command = OpenSSHCommand(
        configuration: configuration, port: port, socketPath: socket.path,
        logPath: socket.directory + "/log", configurationPath: settings, knownHostsPath: knownHosts,
        identities: try identities(),
        hasSession: hasSession)
      try spawn(path, command)
    } catch {
      return end(error as? TunnelError ?? .connectionLost("\(error)"))
    }
    // ssh does not tell what it is that does not answer.
    patience = Reactor.shared.schedule(after: .seconds(2)) { [weak self] in
      guard let self, !isEnded, !log.isAuthenticated, log.methods.isEmpty else { return }
      greet {}
    }
    deadline = Reactor.shared.schedule(after: .seconds(40)) { [weak self] in
      guard let self, !isBound else { return }
      end(.connectionLost("\(target.endpoint) did not answer ssh in time"))
    }
  }

  private func identities() throws -> [String] {
    if let identity = configuration.identityFile {
      _ = try KeyFile(identity)
      return [identity]
    }
    if target.provider.login != .account { return [try OwnKey.make()] }
    // One -i replaces ssh's own list, and ours is only the last resort.
    let own = ["id_ed25519", "id_ecdsa", "id_rsa"].map { Path.join(TunnelConfiguration.home, ".ssh/\($0)") }
    return Files.isFile(OwnKey.path) ? own.filter(Files.isFile) + [OwnKey.path] : []
  }

  private func spawn(_ path: String, _ command: OpenSSHCommand) throws {
    let inputPipe = try makePipe()
    defer { Glibc.close(inputPipe.reading) }
    if input >= 0 { Glibc.close(input) }
    input = inputPipe.writing
    try openLog(command.logPath)
    child = try ChildProcess(
      "/bin/sh", OpenSSHCommand.runner + [path] + command.arguments, environment: command.environment,
      output: .pipe { [weak self] bytes in
        guard let self, !isEnded else { return }
        delegate?.link(self, didReceive: Array(bytes))
      }, inherited: [inputPipe.reading]
    ) { [weak self] status in self?.exited(status) }
  }

  private func openLog(_ path: String) throws {
    closeLog()
    unlink(path)
    guard mkfifo(path, 0o600) == 0 else { throw SystemError("mkfifo \(path)") }
    logDescriptor = try retryingInterrupts("open \(path)") { open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
    logStream = try SocketStream(descriptor: logDescriptor)
    logStream?.delegate = self
    logStream?.setReading(true)
  }

  /// What ssh wrote last may still be in the pipe when its end is told.
  private func drainLog() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while logStream != nil {
      let count = read(logDescriptor, &buffer, buffer.count)
      guard count > 0 else { return }
      receiveLog(buffer[..<count])
    }
  }

  private func closeLog() {
    logStream?.delegate = nil
    logStream?.abort()
    logStream = nil
  }

  private func receiveLog(_ bytes: some Sequence<UInt8>) {
    var events: [OpenSSHLog.Event] = []
    logLines.receive(bytes) { line in if let event = log.receive(line) { events.append(event) } }
    if !isBound { connection?.acknowledge() }
    for event in events where !isEnded { handle(event) }
  }

  /// The server is there, and ssh is about to talk to it. The connection before it is over now, and gives back its port.
  private func connected() {
    request.staleConnection?.reset()
    guard let child, let address = log.serverAddress else { return }
    connection = BorrowedSocket(of: child.processID, to: address)
    localAddress = connection?.localAddress ?? localAddress
  }

  private func handle(_ event: OpenSSHLog.Event) {
    switch event {
    case .connected: connected()
    case .bound(let port):
      // With port 0 the success comes first, and the line with the number after it.
      guard !isBound, let port = port ?? (self.port == 0 ? nil : self.port) else { return }
      isBound = true
      self.port = port
      deadline?.cancel()
      patience?.cancel()
      serverAddress = log.serverAddress ?? serverAddress
      localAddress = connection?.localAddress ?? serverAddress.flatMap(SocketAddress.source)
      delegate?.link(self, didBind: port)
      if !hasSession { delegate?.linkSessionDidEnd(self) }
    case .forwardRefused: isForwardRefused = true
    }
  }

  private func accept(_ stream: SocketStream) {
    guard !isEnded, let delegate, visitors < configuration.maximumChannels else { return stream.abort() }
    visitors += 1
    stream.onClose = { [weak self] in self?.visitors -= 1 }
    delegate.link(self, didAccept: stream)
  }

  private func exited(_ status: ChildStatus) {
    child = nil
    drainLog()
    if log.isSilent, isBound { staleConnection = connection?.abandon() }
    connection?.release()
    guard !isEnded else { return }
    if case .exited(let code) = status, code != 255, target.provider == .plain, hasSession, !isForwardRefused {
      // The account has no shell: the forward alone will do, on the port that has been given out already.
      hasSession = false
      isBound = false
      return launch()
    }
    if log.isHostKeyRefused { return scanKeys() }
    guard log.methods.isEmpty, !log.isAuthenticated, !isForwardRefused, !log.isWithoutAlgorithm else {
      return end(failure(status))
    }
    greet { [weak self] in
      guard let self else { return }
      end(failure(status))
    }
  }

  private func failure(_ status: ChildStatus) -> TunnelError {
    let endpoint = target.endpoint
    if isForwardRefused { return .forwardRefused(configuration, port: port) }
    if log.isLoginRefused {
      if log.isKeyAccepted, let path = configuration.identityFile, (try? KeyFile(path))?.isEncrypted == true {
        return .encrypted(path)
      }
      let keys = log.offeredKeys.isEmpty ? "no key to offer" : "refused: \(log.offeredKeys.joined(separator: ", "))"
      return TunnelError(
        .authentication,
        "\(endpoint) does not let \(configuration.user) in (\(keys); it takes \(log.methods.joined(separator: ", ")))",
        advice: target.provider.login == .account
          ? "`ssh-copy-id` puts your key on the server; --identity FILE names another one."
          : "Name a key that the provider knows: --identity FILE.")
    }
    let said = log.lastLine ?? "\(status)"
    if log.isWithoutAlgorithm {
      return TunnelError(
        .noCommonAlgorithm, "\(endpoint) and this ssh have no algorithm in common: \(said)",
        advice: "The server is too old or too new for this machine's OpenSSH.")
    }
    return .connectionLost("the connection to \(endpoint) is gone (\(said))")
  }

  // MARK: The end

  func close() {
    delegate = nil
    end(.connectionLost("closed"))
  }

  private func end(_ error: TunnelError) {
    guard !isEnded else { return }
    isEnded = true
    greeting?.cancel()
    scan?.cancel()
    deadline?.cancel()
    patience?.cancel()
    child?.terminate(grace: .seconds(1))
    connection?.release()
    closeLog()
    socket?.close()
    if input >= 0 { Glibc.close(input) }
    EventLoop.run { [self] in
      delegate?.linkDidEnd(self, error: error)
      delegate = nil
    }
  }
}

/// ssh's log.
extension OpenSSHLink: ByteStreamDelegate {
  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    receiveLog(bytes)
  }
  func streamDidEnd(_ stream: any ByteStream) { closeLog() }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {}
}
