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
    case emptyPassword
    case emptyAnswer
  }

  /// OpenSSH hangs up after six.
  private static let keyLimit = 5

  private let configuration: TunnelConfiguration
  private let session: SSHSession
  private let user: String
  private var credentials: [Credential]?
  private var methods: [String] = []
  private var refusedKeys: [String] = []
  private var notes: [String] = []

  init(_ configuration: TunnelConfiguration, _ session: SSHSession) throws {
    self.configuration = configuration
    self.session = session
    user = configuration.user
    if let path = configuration.identityFile {
      let file = try KeyFile(path)
      if file.isEncrypted { throw TunnelError.encrypted(path) }
      if file.type == "ssh-rsa" { throw TunnelError.rsaKey(path) }
    }
  }

  func cancel() {}

  func advance() -> Progress {
    if credentials == nil {
      switch askForMethods() {
      case .waiting: return .waiting
      case .done: return .done
      case .failed(let error): return .failed(error)
      case nil: break
      }
    }
    while let credential = credentials?.first {
      let code = attempt(credential)
      if code == LIBSSH2_ERROR_EAGAIN { return .waiting }
      if code == 0 { return .done }
      if session.buffers.isEnded { return .waiting }
      refused(credential, code)
      credentials?.removeFirst()
    }
    return .failed(failure())
  }

  /// Nil when it is known what to do next.
  private func askForMethods() -> Progress? {
    let list = libssh2_userauth_list(session.pointer, user, UInt32(user.utf8.count))
    guard let list else {
      if libssh2_userauth_authenticated(session.pointer) != 0 { return .done }
      if session.lastError == LIBSSH2_ERROR_EAGAIN || session.buffers.isEnded { return .waiting }
      return .failed(.connectionLost("\(endpoint) broke off the login: \(session.lastErrorText)"))
    }
    methods = String(cString: list).split(separator: ",").map { TerminalText.clean($0.utf8, limit: 40) }
    do {
      credentials = try plan()
      return nil
    } catch {
      return .failed(error as? TunnelError ?? .connectionLost("\(error)"))
    }
  }

  private var endpoint: String { configuration.target.endpoint }

  private func plan() throws -> [Credential] {
    var plan: [Credential] = []
    if methods.contains("publickey") { plan += try keys().prefix(Self.keyLimit).map { .keyFile($0) } }
    guard configuration.target.provider.login != .account else { return plan }
    if methods.contains("keyboard-interactive") { plan.append(.emptyAnswer) }
    if methods.contains("password") { plan.append(.emptyPassword) }
    return plan
  }

  /// A provider gets the key that was named, or ours; only one's own account gets the user's.
  private func keys() throws -> [String] {
    if let identity = configuration.identityFile { return [identity] }
    guard configuration.target.provider.login == .account else { return [try OwnKey.make()] }
    let directory = Path.join(TunnelConfiguration.home, ".ssh")
    var usable: [String] = []
    for path in ["id_ed25519", "id_ecdsa", "id_rsa"].map({ Path.join(directory, $0) }) + [OwnKey.path]
    where Files.isFile(path) {
      guard let file = try? KeyFile(path) else { continue }
      if file.isEncrypted {
        notes.append("\(path) is encrypted")
      } else if file.type == "ssh-rsa" {
        notes.append("\(path) is an RSA key, which libssh2 can use only with SHA-1")
      } else {
        usable.append(path)
      }
    }
    return usable
  }

  private func attempt(_ credential: Credential) -> Int32 {
    let length = UInt32(user.utf8.count)
    switch credential {
    case .keyFile(let path):
      return libssh2_userauth_publickey_fromfile_ex(session.pointer, user, length, nil, path, nil)
    case .emptyPassword:
      return libssh2_userauth_password_ex(session.pointer, user, length, "", 0, nil)
    case .emptyAnswer:
      return libssh2_userauth_keyboard_interactive_ex(session.pointer, user, length, webio_ssh_empty_answers)
    }
  }

  private func refused(_ credential: Credential, _ code: Int32) {
    guard case .keyFile(let path) = credential else { return }
    switch code {
    case LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED: refusedKeys.append(path)
    default: notes.append("\(path) cannot be used: \(session.lastErrorText)")
    }
  }

  private func failure() -> TunnelError {
    var problem = "\(endpoint) does not let \(user) in"
    problem += refusedKeys.isEmpty ? " (no key to offer" : " (refused: \(refusedKeys.joined(separator: ", "))"
    if !notes.isEmpty { problem += "; " + notes.joined(separator: "; ") }
    problem += "; it takes \(methods.isEmpty ? "nothing" : methods.joined(separator: ", ")))"
    var error = TunnelError(
      .authentication, problem,
      advice: configuration.target.provider.login == .account
        ? "`ssh-copy-id` puts your key on the server; --identity FILE names another one."
        : "Name a key that the provider knows: --identity FILE.")
    error.otherEngineMayHelp = !notes.isEmpty
    return error
  }
}

extension TunnelError {
  static func encrypted(_ path: String) -> TunnelError {
    var error = TunnelError(
      .keyFile, "the key \(path) is encrypted", advice: "Hand it to your agent with `ssh-add \(path)`.")
    error.otherEngineMayHelp = true
    return error
  }

  static func rsaKey(_ path: String) -> TunnelError {
    var error = TunnelError(
      .keyFile, "\(path) is an RSA key, which libssh2 can use only with SHA-1",
      advice: "Use an ed25519 key (`ssh-keygen -t ed25519`), or the system's ssh: --engine ssh.")
    error.otherEngineMayHelp = true
    return error
  }
}
