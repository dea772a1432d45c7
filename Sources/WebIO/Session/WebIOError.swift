import WebIOPosix

/// What goes wrong in an app's use of WebIO; the description says what to do.
public enum WebIOError: Error, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
  /// An input or output function was called outside a task function.
  case noSession(function: String)
  /// The visitor left, or the session ended, while or before the call waited.
  case sessionClosed
  /// A name has characters other than letters, digits, `-` and `_`.
  case invalidName(String)
  /// Two inputs of one group have the same name.
  case duplicateName(String)
  /// The scope was removed, or never made.
  case noScope(String)
  /// A parameter has a value that makes no sense.
  case invalidArgument(String)

  public var description: String {
    switch self {
    case .noSession(let function):
      "\(function) was called outside a session. Call it in the function that you pass to startServer, or in a task "
        + "started there; Task.detached and foreign threads do not know their session."
    case .sessionClosed: "The session is closed: its visitor left, or its task function has ended."
    case .invalidName(let name):
      "\"\(name)\" is no valid name. Use letters, digits, \"-\" and \"_\" only."
    case .duplicateName(let name): "Two inputs of the group have the name \"\(name)\". Give each its own."
    case .noScope(let name):
      "There is no scope \"\(name)\" in the page: it was removed, or never made. Make it with setScope, putScope or "
        + "useScope before you write into it."
    case .invalidArgument(let text): text
    }
  }

  public var debugDescription: String { UncaughtError.text(description) }
}

/// Letters, digits, `-` and `_`: a name becomes part of an element's id and of a CSS selector.
func validateName(_ name: String) throws {
  let isValid =
    !name.isEmpty
    && name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  if !isValid { throw WebIOError.invalidName(name) }
}
