import COpenSSL
import WebIOPosix

/// A certificate or key that cannot be used: which file, and what OpenSSL says of it.
public struct TLSError: Error, CustomStringConvertible, CustomDebugStringConvertible {
  public let file: String
  public let reason: String

  public var description: String { "\(file): \(reason)" }
  public var debugDescription: String { UncaughtError.text(description) }

  /// With the first entry of OpenSSL's error queue, which is emptied. See ERR_get_error(3).
  init(file: String) {
    let code = ERR_get_error()
    ERR_clear_error()
    self.file = file
    reason = code == 0 ? "cannot be used" : ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
  }

  init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }
}
