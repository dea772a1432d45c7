import WebIOPosix

/// Where a dev session listens, as its options say it, and how it is written for people.
struct DevAddress {
  /// `localhost` is both kinds of loopback; empty is everywhere.
  let host: String
  let isSecure: Bool

  /// For a browser on this machine.
  func url(port: UInt16) -> String {
    let isEverywhere = ["localhost", "", "0.0.0.0", "::"].contains(host)
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return "\(isSecure ? "https" : "http")://\(isEverywhere ? "localhost" : name):\(port)"
  }

  /// Where other machines reach it.
  var network: [NetworkAddress] {
    switch host {
    case "localhost": []
    case "", "0.0.0.0", "::": NetworkAddress.all.filter { host != "0.0.0.0" || !$0.host.hasPrefix("[") }
    default: NetworkAddress.all.filter { $0.host == host || $0.host == "[\(host)]" }
    }
  }
}
