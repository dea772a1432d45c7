import WebIOTLS

/// How to make browsers trust the authority of `webio dev --https`.
struct TrustAdvice {
  let certificate: String

  /// `webio help https`.
  static var help: String {
    let path = LocalAuthority.defaultDirectory.map { "\($0)/authority.pem" } ?? "~/.local/share/webio/authority.pem"
    return """
      webio dev --https serves HTTPS on this machine. At its first use it makes a certificate authority of your own in
      \(path), with a key that only you can read. The certificate it
      signs at each start is for localhost, this machine's name and addresses, and is valid for 30 days. The authority can
      vouch for names of this machine and of private networks only, never for a site on the internet.

      Until a browser trusts it, the browser warns. To trust it:

      \(TrustAdvice(certificate: path).lines.joined(separator: "\n"))

      To take the trust back, delete it there again; deleting the files makes a new authority at the next start.
      """
  }

  var lines: [String] {
    [
      "Chromium and Chrome:  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n webio -i \(certificate)",
      "                      (certutil is in the package libnss3-tools)",
      "Firefox:              Settings, Privacy & Security, View Certificates, Authorities, Import",
      "curl and the system:  sudo cp \(certificate) /usr/local/share/ca-certificates/webio.crt",
      "                      sudo update-ca-certificates",
    ]
  }
}
