import CLibSSH2
import Glibc
import WebIOPosix

/// Logs in: `none` first, which also lists the methods, then keys in order, then an empty answer where that may do.
@EventLoop
final class SSHLogin {
  enum Progress {
    case waiting
    case done
    case failed(TunnelError)
  }

  private enum Credential {
    case keyFile(String)
    case agentKey(AgentClient.Identity)
    case emptyPassword
    case emptyAnswer

    var name: String? {
      switch self {
      case .keyFile(let path): path
      case .agentKey(let identity): "\(identity.comment) from the agent"
      case .emptyPassword, .emptyAnswer: nil
      }
    }
  }

  /// OpenSSH hangs up after six.
  private static let keyLimit = 5

  private let configuration: TunnelConfiguration
  private let session: SSHSession
  private let user: String
  private let wake: @EventLoop () -> Void
  private var methods: [String]?
  private var agent: AgentClient?
  private var agentKeys: [AgentClient.Identity]?
  private var signature = AgentSignature()
  private var credentials: [Credential]?
  private var refusedKeys: [String] = []
  private var notes: [String] = []

  /// `wake` is called when an agent has answered.
  init(_ configuration: TunnelConfiguration, _ session: SSHSession, wake: @escaping @EventLoop () -> Void) throws {
    self.configuration = configuration
    self.session = session
    self.wake = wake
    user = configuration.user
    // Named by the user and of no use here: better said now than after all the others.
    if let identity = try configuration.identityFile.map(KeyFile.init), identity.type == "ssh-rsa" {
      throw TunnelError.rsaKey(identity.path)
    }
  }

  func cancel() { agent?.close() }

  private var endpoint: String { configuration.target.endpoint }
  private var isAccount: Bool { configuration.target.provider.login == .account }

  func advance() -> Progress {
    if methods == nil, let progress = askForMethods() { return progress }
    do {
      if credentials == nil {
        guard let agentKeys = listAgentKeys() else { return .waiting }
        credentials = try plan(agentKeys)
      }
    } catch {
      return .failed(error as? TunnelError ?? .connectionLost("\(error)"))
    }
    while let credential = credentials?.first {
      let code = attempt(credential)
      if code == LIBSSH2_ERROR_EAGAIN { return .waiting }
      if code == 0 { return .done }
      // The connection's own end says more than the error this call made of it.
      if session.buffers.isEnded || session.buffers.farewell != nil { return .waiting }
      refused(credential, code)
      credentials?.removeFirst()
    }
    return .failed(failure())
  }

  /// Nil when the methods are known and one of them is needed.
  private func askForMethods() -> Progress? {
    guard let list = libssh2_userauth_list(session.pointer, user, UInt32(user.utf8.count)) else {
      if libssh2_userauth_authenticated(session.pointer) != 0 { return .done }
      if session.lastError == LIBSSH2_ERROR_EAGAIN || session.buffers.isEnded { return .waiting }
      return .failed(.connectionLost("\(endpoint) broke off the login: \(session.lastErrorText)"))
    }
    methods = String(cString: list).split(separator: ",").map { TerminalText.clean($0.utf8, limit: 40) }
    return nil
  }

  // MARK: What there is to try

  /// The agent's keys, or nil as long as it has not answered. A provider never gets to see them, except the one whose
  /// file was named.
  private func listAgentKeys() -> [AgentClient.Identity]? {
    guard isAccount || configuration.identityFile != nil, let path = Environment["SSH_AUTH_SOCK"], !path.isEmpty
    else { return [] }
    if agent == nil {
      let agent = AgentClient(path: path)
      self.agent = agent
      agent.listKeys { [weak self] keys in
        self?.agentKeys = keys
        self?.wake()
      }
    }
    return agentKeys
  }

  private func plan(_ agentKeys: [AgentClient.Identity]) throws -> [Credential] {
    var plan: [Credential] = []
    let methods = methods ?? []
    if methods.contains("publickey") { plan += try keys(agentKeys).prefix(Self.keyLimit) }
    if isAccount { return plan }
    if methods.contains("keyboard-interactive") { plan.append(.emptyAnswer) }
    if methods.contains("password") { plan.append(.emptyPassword) }
    return plan
  }

  private func keys(_ agentKeys: [AgentClient.Identity]) throws -> [Credential] {
    if let path = configuration.identityFile { return [try identity(path, agentKeys)] }
    guard isAccount else { return [.keyFile(try OwnKey.make())] }
    var usable: [Credential] = []
    for identity in agentKeys {
      if identity.key.type.hasPrefix("ssh-ed25519") || identity.key.type.hasPrefix("ecdsa-sha2-") {
        usable.append(.agentKey(identity))
      } else {
        notes.append("\(identity.comment) from the agent is a key of type \(identity.key.type)")
      }
    }
    let directory = Path.join(TunnelConfiguration.home, ".ssh")
    for path in ["id_ed25519", "id_ecdsa", "id_rsa"].map({ Path.join(directory, $0) }) + [OwnKey.path]
    where Files.isFile(path) {
      guard let file = try? KeyFile(path) else { continue }
      if let key = file.publicKey, agentKeys.contains(where: { $0.key == key }) { continue }
      if file.isEncrypted {
        notes.append("\(path) is encrypted")
      } else if file.type == "ssh-rsa" {
        notes.append("\(path) is an RSA key, which libssh2 can use only with SHA-1")
      } else {
        usable.append(.keyFile(path))
      }
    }
    return usable
  }

  /// The file that was named; an encrypted one can be used when the agent holds it.
  private func identity(_ path: String, _ agentKeys: [AgentClient.Identity]) throws -> Credential {
    let file = try KeyFile(path)
    guard file.isEncrypted else { return .keyFile(path) }
    if let key = file.publicKey, let held = agentKeys.first(where: { $0.key == key }) { return .agentKey(held) }
    throw TunnelError.encrypted(path)
  }

  // MARK: Trying it

  private func attempt(_ credential: Credential) -> Int32 {
    let length = UInt32(user.utf8.count)
    switch credential {
    case .keyFile(let path):
      return libssh2_userauth_publickey_fromfile_ex(session.pointer, user, length, nil, path, nil)
    case .agentKey(let identity): return sign(with: identity)
    case .emptyPassword:
      return libssh2_userauth_password_ex(session.pointer, user, length, "", 0, nil)
    case .emptyAnswer:
      return libssh2_userauth_keyboard_interactive_ex(session.pointer, user, length, webio_ssh_empty_answers)
    }
  }

  private func sign(with identity: AgentClient.Identity) -> Int32 {
    let code = signature.authenticate(session.pointer, user: user, key: identity.key)
    guard code == LIBSSH2_ERROR_EAGAIN else {
      signature = AgentSignature()
      return code
    }
    if let data = signature.data, !signature.isRequested {
      signature.isRequested = true
      agent?.sign(data, with: identity.key) { [weak self] answer in
        self?.signature.answer = .some(answer)
        self?.wake()
      }
    }
    return code
  }

  /// Whether an agent is at work, which may have to ask its user.
  var waitsForAgent: Bool { signature.isRequested && signature.answer == nil }

  private func refused(_ credential: Credential, _ code: Int32) {
    guard let name = credential.name else { return }
    switch code {
    case LIBSSH2_ERROR_AUTHENTICATION_FAILED: refusedKeys.append(name)
    case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED: refusedKeys.append("\(name) (no signature)")
    default: notes.append("\(name) cannot be used: \(session.lastErrorText)")
    }
  }

  private func failure() -> TunnelError {
    let methods = methods ?? []
    var problem = "\(endpoint) does not let \(user) in"
    problem += refusedKeys.isEmpty ? " (no key to offer" : " (refused: \(refusedKeys.joined(separator: ", "))"
    if !notes.isEmpty { problem += "; " + notes.joined(separator: "; ") }
    problem += "; it takes \(methods.isEmpty ? "nothing" : methods.joined(separator: ", ")))"
    var error = TunnelError(
      .authentication, problem,
      advice: isAccount
        ? "`ssh-copy-id` puts your key on the server; --identity FILE names another one."
        : "Name a key that the provider knows: --identity FILE.")
    error.otherEngineMayHelp = !notes.isEmpty
    return error
  }
}

extension TunnelError {
  static func encrypted(_ path: String) -> TunnelError {
    TunnelError(
      .keyFile, "the key \(path) is encrypted and your agent does not hold it",
      advice: "Hand it to the agent: `ssh-add \(path)`.")
  }

  static func rsaKey(_ path: String) -> TunnelError {
    var error = TunnelError(
      .keyFile, "\(path) is an RSA key, which libssh2 can use only with SHA-1",
      advice: "Use an ed25519 key (`ssh-keygen -t ed25519`), or the system's ssh: --engine ssh.")
    error.otherEngineMayHelp = true
    return error
  }
}
