import CLibSSH2

/// The libssh2 that this process runs with.
package enum TunnelLibrary {
  /// `1.10.0`
  package static var version: String { libssh2_version(0).map { String(cString: $0) } ?? "unknown" }

  /// RSA keys with SHA-2 came with 1.11.0. RFC 8332.
  package static var signsRSAWithSHA2: Bool { libssh2_version(0x010B00) != nil }
}
