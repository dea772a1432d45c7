import COpenSSL
import Glibc
import WebIOHTTP
import WebIOPosix

/// A certificate authority of this user alone, for HTTPS on this machine: what `webio dev --https` signs with.
///
/// It is made once, in the user's data directory, with a key that only the user can read. Who trusts it in a browser trusts
/// it for names of this machine and of private networks only: a critical name constraint (RFC 5280 section 4.2.1.10) keeps
/// it from vouching for any other site. The server's certificate is made anew at each start and never stored.
@EventLoop
package final class LocalAuthority {
  /// What a browser or a system is told to trust.
  package nonisolated let certificatePath: String
  /// It was made by this call.
  package let isNew: Bool
  private let signer: CertifiedKey

  static let authorityDays = 3_650
  static let leafDays = 30

  /// `$XDG_DATA_HOME/webio`, or `~/.local/share/webio`.
  package nonisolated static var defaultDirectory: String? {
    if let data = Environment["XDG_DATA_HOME"], data.hasPrefix("/") { return Path.join(data, "webio") }
    return Environment["HOME"].map { Path.join($0, ".local/share/webio") }
  }

  /// Loads the authority in `directory`, or makes one there.
  package init(directory: String) throws {
    certificatePath = Path.join(directory, "authority.pem")
    let keyPath = Path.join(directory, "authority.key")
    guard !Files.exists(keyPath), !Files.exists(certificatePath) else {
      isNew = false
      let bytes = try TLSFiles(certificate: certificatePath, key: keyPath).read()
      guard Files.status(keyPath).map({ $0.st_mode & 0o077 == 0 }) == true else {
        throw TLSError(
          file: keyPath,
          reason:
            "others than you may read the authority's key. Delete it and \(certificatePath), and take it off the browser's list"
        )
      }
      guard let pair = CertifiedKey(certificate: bytes.certificate, key: bytes.key),
        X509_cmp_current_time(X509_get0_notAfter(pair.certificate)) > 0
      else {
        throw TLSError(
          file: certificatePath,
          reason: "the local authority is broken or has expired. Delete \(directory)/authority.*, and a new one is made")
      }
      signer = pair
      return
    }
    isNew = true
    try Files.makeDirectories(directory, mode: 0o700)
    let pair = try CertifiedKey.makeAuthority(Self.authority(host: LocalHost.name))
    // The key comes first: a certificate without one is of no use to anybody.
    try Files.create(keyPath, pair.keyPEM, mode: 0o600)
    try Files.create(certificatePath, pair.certificatePEM)
    signer = pair
  }

  private static func authority(host: String) -> CertifiedKey.Contents {
    var permitted = PermittedNames.domains.map { "DNS:\($0)" } + PermittedNames.networks.map { "IP:\($0)" }
    if !host.isEmpty { permitted.append("DNS:\(host)") }
    let user = Environment["USER"] ?? Environment["LOGNAME"] ?? "this user"
    return CertifiedKey.Contents(
      commonName: "WebIO authority of \(String(user.prefix(20)))@\(String(host.prefix(20)))", days: authorityDays,
      extensions: [
        (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
        (NID_subject_key_identifier, "hash"),
        (NID_name_constraints, "critical," + permitted.map { "permitted;\($0)" }.joined(separator: ",")),
      ])
  }

  /// A certificate for `localhost`, the loopback addresses, this machine's name, and `hosts`.
  private func makeLeaf(_ hosts: [String]) throws -> CertifiedKey {
    var names: [String] = []
    for host in ["localhost", "127.0.0.1", "::1", LocalHost.name] + hosts where !host.isEmpty {
      let isAddress = SocketAddress(numericHost: host, port: 0) != nil
      let name = isAddress ? "IP:\(host)" : "DNS:\(host)"
      if LocalHost.isName(host) || isAddress, !names.contains(name) { names.append(name) }
    }
    return try signer.issue(
      CertifiedKey.Contents(
        commonName: "localhost", days: Self.leafDays,
        extensions: [
          (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
          (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, names.joined(separator: ",")),
          (NID_authority_key_identifier, "keyid"), (NID_subject_key_identifier, "hash"),
        ]))
  }

  func makeContext(_ hosts: [String]) throws -> TLSContext {
    let leaf = try makeLeaf(hosts)
    return try TLSContext(
      TLSFiles(certificate: "the local certificate", key: "its key"), certificate: leaf.certificatePEM, key: leaf.keyPEM)
  }

  /// HTTPS with a certificate of this authority, which is made anew long before it expires.
  package func security(hosts: [String]) -> TransportSecurity {
    // A name that the constraints do not permit would spoil the whole certificate.
    let hosts = (hosts + LocalHost.addresses).filter(PermittedNames.contain)
    return TransportSecurity { [self] in
      try TLSCertificates(local: self, hosts: hosts).wrapping()
    }
  }
}

extension TLSCertificates {
  convenience init(local authority: LocalAuthority, hosts: [String]) throws {
    let source = Source(load: { try authority.makeContext(hosts) }, state: { nil })
    try self.init([source], warn: { StandardError.write("webio: warning: \($0)\n") })
    renewDaily()
  }

  private func renewDaily() {
    Reactor.shared.schedule(after: .seconds(86_400)) { [weak self] in
      self?.reload(all: true)
      self?.renewDaily()
    }
  }
}
