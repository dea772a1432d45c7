import Glibc
import Synchronization
import WebIOPosix

/// An executor of a program's own, with a new thread for each job.
public final class NamedThreads: TaskExecutor {
  private static let names = Mutex<[pthread_t: String]>([:])
  private let name: String

  public init(_ name: String) { self.name = name }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Thread.start(name: name) { [self] in
      Self.names.withLock { $0[pthread_self()] = name }
      job.runSynchronously(on: asUnownedTaskExecutor())
      Self.names.withLock { $0[pthread_self()] = nil }
    }
  }

  /// The name of the executor that the calling thread belongs to; `another` when it is none of these.
  public static var current: String { names.withLock { $0[pthread_self()] } ?? "another" }
}
