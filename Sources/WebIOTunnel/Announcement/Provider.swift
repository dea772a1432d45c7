/// Who hands out public addresses over SSH, and how each wants to be asked.
///
/// `all` is the one table: a new provider is a new row. A provider's dialect can also be spoken with a server of one's
/// own: `sish://example.com:2222`.
package struct Provider: Sendable, Equatable {
  /// How the session channel is started; some servers give out no address without it.
  package enum Start: Sendable, Equatable {
    case exec(String)
    case shell
  }

  /// What the server wants to know of the user.
  package enum Login: Sendable, Equatable {
    /// Nothing, or whatever it asks for: `none`, then a key of ours, then an empty answer.
    case anonymous
    /// A key, any key: ours is made when there is none. The address may depend on it.
    case ownKey
    /// An account: the user's own keys.
    case account
  }

  package let name: String
  package let host: String
  package let port: UInt16
  package let user: String
  /// The address to forward; libssh2 compares it with what the server writes into each channel, and `localhost` is
  /// what all of them echo.
  package var bindHost = "localhost"
  package var bindPort: UInt16 = 80
  package let start: Start
  package let login: Login
  /// The domains under which it gives out names.
  package let suffixes: [String]
  /// Texts before the address in the server's greeting; JSON is understood from everybody.
  package var markers: [String] = []
  /// Whether the address is a line of its own.
  package var writesBareAddress = false
  package var takesDomain = false
  package var takesName = false
  /// SHA-256 fingerprints that are known beforehand and outrank every file.
  package var pinnedKeys: [String] = []
  package var pinnedKeyType = ""
  /// Names that are busy until the server has noticed that we are gone are not asked for again before.
  package var nameCooldown: Duration = .zero
  /// Whether it writes each visitor's address into `X-Forwarded-For`. Of the others nobody knows, and what they do not
  /// write a visitor can.
  package var tellsVisitors = false
  /// What to start the session with so that it does.
  package var visitorsOption: String?
}

extension Provider {
  static let shellGreeting = "webio-no-address"

  package static let localhostRun = Provider(
    name: "localhost.run", host: "localhost.run", port: 22, user: "nokey", start: .exec("--output json"),
    login: .anonymous,
    suffixes: ["lhr.life", "lhr.rocks", "localhost.run", "lhrtunnel.link"],
    markers: ["tunneled with tls termination, "], takesDomain: true,
    pinnedKeys: ["SHA256:FV8IMJ4IYjYUTnd6on7PqbRjaZf4c1EhhEBgeUdE94I"], pinnedKeyType: "ssh-rsa", tellsVisitors: true)

  /// Any OpenSSH server: the address is its host and the port it bound, or what a forced command writes. A shell is
  /// made to write `shellGreeting`, which says that there is no forced command to wait for.
  package static let plain = Provider(
    name: "ssh", host: "", port: 22, user: "", bindPort: 0,
    start: .exec("true --output json"), login: .account,
    suffixes: [], takesDomain: true, takesName: true)

  package static let all: [Provider] = [
    localhostRun,
    Provider(
      name: "serveo", host: "serveo.net", port: 22, user: "webio", start: .shell, login: .anonymous,
      suffixes: ["serveo.net", "serveousercontent.com"], markers: ["Forwarding HTTP traffic from "],
      takesName: true, nameCooldown: .seconds(11), tellsVisitors: true),
    Provider(
      name: "pinggy", host: "a.pinggy.io", port: 443, user: "webio", bindPort: 0, start: .shell, login: .anonymous,
      suffixes: ["run.pinggy-free.link", "free.pinggy.net", "free.pinggy.link", "a.pinggy.link", "a.pinggy.online"],
      writesBareAddress: true, visitorsOption: "x:xff"),
    Provider(
      name: "srv.us", host: "srv.us", port: 22, user: "nomatch", bindPort: 1, start: .shell, login: .ownKey,
      suffixes: ["srv.us"], markers: ["1: "]),
    Provider(
      name: "sish", host: "tuns.sh", port: 22, user: "webio", start: .exec("force-https=true"), login: .anonymous,
      suffixes: ["tuns.sh"], markers: ["HTTPS: ", "HTTP: "], takesName: true, nameCooldown: .seconds(11),
      tellsVisitors: true),
    Provider(
      name: "remote.moe", host: "remote.moe", port: 22, user: "webio", start: .shell, login: .ownKey,
      suffixes: ["remote.moe"], writesBareAddress: true),
    Provider(
      name: "localshare", host: "app.pywebio.online", port: 1022, user: "webio", start: .exec("--output json"),
      login: .anonymous, suffixes: ["pywebio.online"], markers: [], writesBareAddress: true),
    plain,
  ]

  /// By name, or by the name of the provider's host.
  package static func named(_ name: String) -> Provider? {
    all.first { $0.name == name || (!$0.host.isEmpty && $0.host == name) }
  }
}
