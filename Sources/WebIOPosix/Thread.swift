import CWebIOLinux
import Glibc

/// Starts POSIX threads: for what blocks, which the cooperative pool must never do.
package enum Thread {
  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(_ name: String, _ run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts a detached thread. `name` is cut to 15 bytes by the kernel. See pthread_create(3).
  package static func start(name: String, _ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(String(name.prefix(15)), run)).toOpaque()
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        // It names itself: to its parent it may be gone already, and its handle no memory any more.
        webio_name_thread(pthread_self(), body.name)
        body.run()
        return nil
      }, body)
    pthread_attr_destroy(&attributes)
    precondition(code == 0, "pthread_create: \(SystemError.text(of: code))")
  }
}
