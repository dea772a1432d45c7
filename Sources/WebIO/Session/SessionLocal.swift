import Synchronization

/// A variable of which every visitor has a separate value.
///
///     let count = SessionLocal(0)
///     count.value += 1
///
/// As a wrapper, `@SessionLocal var count = 0`, it works where Swift lets a variable be global at all: declare it
/// `nonisolated(unsafe)`, for the compiler cannot know that the storage behind it is safe. Outside a session it is one value for the process. It is safe to use from several tasks at a time; `count += 1` is
/// two steps, though.
@propertyWrapper
public final class SessionLocal<Value: Sendable>: Sendable {
  private let initial: @Sendable () -> Value
  private let outside: Mutex<Value?>

  public init(wrappedValue: @autoclosure @escaping @Sendable () -> Value) {
    initial = wrappedValue
    outside = Mutex(nil)
  }

  public convenience init(_ initial: @autoclosure @escaping @Sendable () -> Value) {
    self.init(wrappedValue: initial())
  }

  /// This session's value.
  public var value: Value {
    get { wrappedValue }
    set { wrappedValue = newValue }
  }

  /// The key in the session's storage; `local`'s names never begin with a blank.
  private var key: String { " \(UInt(bitPattern: ObjectIdentifier(self)))" }

  public var wrappedValue: Value {
    get {
      if let session = TaskContext.current?.session { return session[local: key] as? Value ?? initial() }
      return outside.withLock { $0 } ?? initial()
    }
    set {
      if let session = TaskContext.current?.session {
        session[local: key] = newValue
      } else {
        outside.withLock { $0 = newValue }
      }
    }
  }
}
