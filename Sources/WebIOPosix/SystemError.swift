import Glibc

/// A failed system call: which one, on what, and the errno it left.
///
/// `description` reads like `connect 127.0.0.1:22: Connection refused`. See errno(3).
public struct SystemError: Error, CustomStringConvertible, CustomDebugStringConvertible, Equatable {
  public let operation: String
  public let code: Int32

  public init(_ operation: String, code: Int32 = errno) {
    self.operation = operation
    self.code = code
  }

  public var description: String { "\(operation): \(Self.text(of: code))" }

  public var debugDescription: String { UncaughtError.text(description) }

  package static func text(of code: Int32) -> String {
    guard let text = strerror(code) else { return "errno \(code)" }
    return String(cString: text)
  }
}

/// Calls `body` until it is not interrupted by a signal, and throws when it returns -1.
package func retryingInterrupts<Result: FixedWidthInteger>(
  _ operation: @autoclosure () -> String, _ body: () -> Result
) throws -> Result {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = errno
    if code != EINTR { throw SystemError(operation(), code: code) }
  }
}
