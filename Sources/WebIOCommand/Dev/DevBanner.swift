import WebIOPosix

/// The four lines with which `webio dev` begins, and what its `u` and `h` print.
struct DevBanner {
  let console: Console
  let project: String
  let url: String
  /// Where other machines reach it; empty where only this one does.
  let network: [NetworkAddress]
  let port: UInt16
  let keepsPlace: Bool
  let hasKeys: Bool

  func show(publicURLs: [PublicURL]) {
    console.note("\n  \(console.styled("webio", .bold)) \(Command.version)  \(project)\n")
    showURLs(publicURLs: publicURLs)
    let place = keepsPlace ? "reloads keep the visitor's place" : "each reload begins anew"
    row("Keys:", "\(hasKeys ? "h + Enter shows them" : "Ctrl-C ends it")  \(dim(place))")
    console.note("")
  }

  func showURLs(publicURLs: [PublicURL]) {
    row("Local:", url(url))
    if network.isEmpty { row("Network:", dim("off, --host 0.0.0.0 lets other machines in")) }
    for address in network { row("Network:", "\(url(urlText(address)))  \(dim(address.interface))") }
    for address in publicURLs { row("Public:", "\(url(address.url))  \(dim("by \(address.provider)"))") }
    if publicURLs.isEmpty, hasKeys { row("Public:", dim("off, s + Enter gives it a public address")) }
  }

  /// For the telephone beside the keyboard, and who else can come.
  func showNetworkCode(_ presentation: TunnelPresentation) {
    guard let first = network.first else { return }
    presentation.showCode(of: urlText(first), console)
    console.warning(
      "everyone in the network reaches these addresses, and sees the app as you do: build errors with pieces of the "
        + "source, details of what fails")
  }

  private func urlText(_ address: NetworkAddress) -> String {
    "\(url.hasPrefix("https:") ? "https" : "http")://\(address.host):\(port)"
  }

  private func row(_ name: String, _ text: String) {
    let label = name + String(repeating: " ", count: 9 - name.count)
    console.note("  \(console.styled("➜", .green))  \(console.styled(label, .bold)) \(text)")
  }

  private func url(_ text: String) -> String { console.styled(text, .cyan) }
  private func dim(_ text: String) -> String { console.styled(text, .dim) }
}
