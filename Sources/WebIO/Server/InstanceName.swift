import WebIOHTTP
import WebIOPosix

/// The name of this process among others behind one proxy, from `WEBIO_INSTANCE`: the ids of its sessions begin with it
/// and a dot, so that the proxy knows from a request alone where its session is.
enum InstanceName {
  /// What the ids begin with; nothing without a name. Throws ``WebIOError/invalidArgument(_:)``.
  static func prefix(_ name: String? = Environment["WEBIO_INSTANCE"]) throws -> String {
    guard let name, !name.isEmpty else { return "" }
    let isPlain = name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-_".utf8.contains($0) }
    guard isPlain, name.utf8.count <= 32 else {
      throw WebIOError.invalidArgument(
        "WEBIO_INSTANCE: \"\(name)\" is no name of an instance. It has up to 32 letters, digits, \"-\" and \"_\".")
    }
    return name + "."
  }
}
