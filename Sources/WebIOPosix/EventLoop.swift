import CWebIOLinux
import Glibc
import Synchronization

/// The one event loop of a process: a thread of its own, which owns every socket, timer and child.
///
/// It is a global actor, so that the compiler checks the confinement: a class marked `@EventLoop` needs no lock, and a
/// call between two of them costs nothing. Code outside comes in by `await`, or by `EventLoop.run { }` without waiting.
/// Never block in it. See epoll(7).
@globalActor
package actor EventLoop {
  package static let shared = EventLoop()

  private nonisolated let executor = LoopExecutor()

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Runs `body` on the loop soon, in the order of the calls. Callable from any thread.
  package nonisolated static func run(_ body: @escaping @EventLoop @Sendable () -> Void) {
    shared.executor.enqueue(.closure(body))
  }

  /// For callbacks that C or the kernel makes on the loop's thread. Traps anywhere else.
  package nonisolated static func assumeIsolated<Result>(_ body: @EventLoop () throws -> Result) rethrows -> Result {
    precondition(shared.executor.isCurrent, "not on the event loop's thread")
    return try withoutActuallyEscaping(body) { body in
      try unsafeBitCast(body, to: (() throws -> Result).self)()
    }
  }

  package nonisolated static var isCurrent: Bool { shared.executor.isCurrent }
}

/// The thread, and the queue through which other threads hand it work.
///
/// `@unchecked Sendable`: the queue is under its Mutex, `spare` belongs to the thread.
final class LoopExecutor: SerialExecutor, @unchecked Sendable {
  enum Work: Sendable {
    case job(UnownedJob)
    case closure(@EventLoop @Sendable () -> Void)
  }

  private struct Queue {
    var works: [Work] = []
    var wakes = false
  }

  private let queue = Mutex(Queue())
  private let wakeDescriptor: Int32
  private let threadID = Atomic<UInt>(0)
  /// The memory of the last turn's works, for the next one; only the loop's thread uses it.
  private var spare: [Work] = []

  init() {
    wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    precondition(wakeDescriptor >= 0, "eventfd: \(SystemError.text(of: errno))")
    // Signals belong to the threads that ask for them (signalfd, or the app's own handlers), never to this one.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    // What a thread does to itself; blocked, it would kill the process without a word of where. And SIGPROF, by which the
    // backtrace of a crash halts the other threads.
    for signal in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGPROF] { sigdelset(&all, signal) }
    pthread_sigmask(SIG_SETMASK, &all, &before)
    Thread.start(name: "webio-loop") { [self] in
      threadID.store(UInt(pthread_self()), ordering: .releasing)
      EventLoop.assumeIsolated { Reactor.shared.run(waking: wakeDescriptor, drain: drain) }
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  var isCurrent: Bool { threadID.load(ordering: .acquiring) == UInt(pthread_self()) }

  func enqueue(_ job: UnownedJob) { enqueue(.job(job)) }

  func enqueue(_ work: Work) {
    // The loop looks by itself at what its own thread has added: no system calls for that.
    let isLocal = isCurrent
    let wake = queue.withLock { queue in
      queue.works.append(work)
      if isLocal { return false }
      defer { queue.wakes = true }
      return !queue.wakes
    }
    if isLocal {
      EventLoop.assumeIsolated { Reactor.shared.hasLocalWork = true }
    } else if wake {
      eventfd_write(wakeDescriptor, 1)
    }
  }

  /// What came in until now; what these add runs in the next turn, so that sockets are not starved.
  private func drain() {
    var works: [Work] = []
    swap(&works, &spare)
    queue.withLock { queue in
      queue.wakes = false
      swap(&queue.works, &works)
    }
    for work in works {
      switch work {
      case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
      case .closure(let body): EventLoop.assumeIsolated(body)
      }
    }
    works.removeAll(keepingCapacity: works.capacity <= 1_024)
    spare = works
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  func checkIsolated() { precondition(isCurrent, "not on the event loop's thread") }

  func isIsolatingCurrentContext() -> Bool? { isCurrent }
}
