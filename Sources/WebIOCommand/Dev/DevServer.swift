import WebIODev
import WebIOHTTP
import WebIOPosix
import WebIOTLS
import WebIOTunnel

/// A dev session on the terminal, with a tunnel when it is shared.
@EventLoop
final class DevServer: LongCommand {
  private let path: String
  private let product: String?
  private let toolkit: Project.Toolkit
  private var options = DevSession.Options()
  private let opensBrowser: Bool
  private let endsAtFailure: Bool
  private let console: Console
  private let output: DevOutput
  private let sharing: Sharing
  private let sharesAtOnce: Bool
  private let authority: LocalAuthority?
  private var session: DevSession?
  private var live: LiveSharing?
  private var keyboard: Keyboard?
  private var inspector: Inspector?
  private var servesSince = MonotonicTime.now

  /// `sharing` says how it is shared: from the start with `sharesAtOnce`, else when a key is pressed.
  nonisolated static func run(
    path: String, _ arguments: Arguments, _ console: Console, sharing: Sharing, sharesAtOnce: Bool
  ) throws -> Never {
    let toolkit = try Toolkit(arguments).forSingleFiles
    let port = try arguments.port("port")
    let mode = try watchMode(arguments)
    let keepsPlace = try keepsPlace(arguments)
    RunLoop.run(console) {
      try DevServer(path, arguments, toolkit, port, mode, keepsPlace, console, sharing, sharesAtOnce)
    }
  }

  private nonisolated static func keepsPlace(_ arguments: Arguments) throws -> Bool {
    switch arguments.value("state") ?? Environment["WEBIO_STATE"] ?? "replay" {
    case "replay": return true
    case "restart": return false
    case let other:
      throw CommandError.usage("--state=\(other) is neither replay nor restart.", advice: "Leave it out for replay.")
    }
  }

  private nonisolated static func watchMode(_ arguments: Arguments) throws -> FileWatcher.Mode {
    guard let text = arguments.value("poll") else { return .automatic }
    guard !text.isEmpty else { return .poll(every: .milliseconds(500)) }
    guard let interval = ASCII.decimal(text), (20...60_000).contains(interval) else {
      throw CommandError.usage("--poll=\(text) is no interval.", advice: "It goes from 20 to 60000 milliseconds.")
    }
    return .poll(every: .milliseconds(interval))
  }

  private init(
    _ path: String, _ arguments: Arguments, _ toolkit: Project.Toolkit, _ port: UInt16?, _ mode: FileWatcher.Mode,
    _ keepsPlace: Bool, _ console: Console, _ sharing: Sharing, _ sharesAtOnce: Bool
  ) throws {
    self.path = path
    self.toolkit = toolkit
    self.console = console
    self.sharing = sharing
    self.sharesAtOnce = sharesAtOnce
    product = arguments.value("product")
    endsAtFailure = arguments.has("once")
    output = DevOutput(console)
    // A shared app is looked at elsewhere.
    opensBrowser =
      arguments.has("open")
      || (!arguments.has("no-open") && console.isInteractive && !console.isJSON && Desktop.isPresent)
    options.port = port
    options.host = arguments.value("host") ?? "localhost"
    // What it listens on by name is a name that the developer may use.
    if let host = arguments.value("host") { options.gateway.hostGate.extraHosts.append(host) }
    options.watch = mode
    options.keepsPlace = keepsPlace
    authority = arguments.has("https") ? try Self.localAuthority() : nil
    options.security = authority?.security(hosts: arguments.value("host").map { [$0] } ?? [])
    options.gateway.assets = PageParts.assets
    options.gateway.waitingPage = PageParts.waitingPage
    options.gateway.publicGate = sharing.gate
  }

  private static func localAuthority() throws -> LocalAuthority {
    guard let directory = LocalAuthority.defaultDirectory else {
      throw CommandError(
        .requirementMissing, "There is no place for the local authority of --https.",
        advice: "Set HOME, or XDG_DATA_HOME.")
    }
    return try LocalAuthority(directory: directory)
  }

  /// Once for a new authority in full, later in one line.
  private func tellTrust(_ authority: LocalAuthority) {
    let path = authority.certificatePath
    guard authority.isNew else {
      return console.note("https: signed by the authority in \(path); `webio help https` tells how to trust it")
    }
    console.note("https: made an authority of your own for this machine: \(path)")
    for line in TrustAdvice(certificate: path).lines { console.note("  \(line)") }
  }

  func start() {
    Task { @EventLoop [self] in
      do {
        let project = try await Project.load(path, product: product, toolkit: toolkit)
        try start(project)
      } catch {
        RunLoop.fail(error)
      }
    }
  }

  private func start(_ project: Project) throws {
    let session = DevSession(project, options) { [weak self] in self?.receive($0) }
    self.session = session
    try session.start()
    servesSince = .now
    if let authority { tellTrust(authority) }
    let live = LiveSharing(sharing, session.gateway, console)
    self.live = live
    if Keyboard.isPresent, !console.isJSON {
      keyboard = Keyboard { [weak self] in self?.typed($0) }
    }
    let banner = banner(session)
    banner.show(publicURLs: [])
    banner.showNetworkCode(sharing.presentation)
    inspector = try sharing.inspector(of: session.gateway, console)
    if sharesAtOnce { live.start { RunLoop.fail($0) } }
    sharing.endInTime()
  }

  private func banner(_ session: DevSession) -> DevBanner {
    DevBanner(
      console: console, project: session.project.name, url: session.url, network: session.networkAddresses,
      port: session.port, keepsPlace: options.keepsPlace, hasKeys: keyboard != nil)
  }

  private func receive(_ event: DevEvent) {
    output.show(event)
    switch event {
    case .ready(let url): if opensBrowser { openBrowser(url) }
    case .buildFailed, .crashed: if endsAtFailure { RunLoop.end(.failed) }
    default: break
    }
  }

  /// An open tab of an earlier run knocks within a second, and is used again.
  private func openBrowser(_ url: String) {
    let knock = servesSince + .milliseconds(1_200)
    Reactor.shared.schedule(after: max(.zero, knock - .now)) { [weak self] in
      guard let self, let channel = session?.gateway.channel else { return }
      let isOpen = channel.hasHeardKnock || channel.pageCount > 0
      if isOpen || Browser.open(url) { output.opened(inOpenTab: isOpen) }
    }
  }

  // MARK: Keys

  private func typed(_ line: String) {
    console.interrupted()
    guard let session, let live else { return }
    guard let key = DevKey(typed: line) else {
      if !line.utf8.allSatisfy({ $0 == UInt8(ascii: " ") }) { console.note("  There is no key \(line); h lists them.") }
      return
    }
    switch key {
    case .rebuild: session.rebuild()
    case .restart: session.restartApp()
    case .back: if !session.takeBack() { console.note("  There is no answer to take back.") }
    case .open:
      if !Browser.open(session.url) { console.note("  There is no browser to open; BROWSER can name one.") }
    case .urls: banner(session).showURLs(publicURLs: live.addresses)
    case .share: toggleSharing(live)
    case .clear: console.clear()
    case .quit: RunLoop.end(.done)
    case .help: for key in DevKey.allCases { console.note("  \(console.styled(key.rawValue, .bold))  \(key.help)") }
    }
  }

  private func toggleSharing(_ live: LiveSharing) {
    if live.isOn { return live.stop { [console] in console.note("  no longer shared") } }
    live.start { [console] error in console.error(Command.commandError(error)) }
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    let stopSession: @EventLoop () -> Void = { [session] in
      if let session { session.stop(completion) } else { completion() }
    }
    let stopInspector: @EventLoop () -> Void = { [inspector] in
      if let inspector { inspector.stop(stopSession) } else { stopSession() }
    }
    keyboard?.stop()
    output.stop()
    if let live { live.stop(stopInspector) } else { stopInspector() }
  }
}

/// Whether there is a screen here on which a browser can open.
enum Desktop {
  static var isPresent: Bool {
    guard Environment["SSH_CONNECTION"] == nil else { return false }
    return ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].contains { Environment[$0] != nil }
  }
}
