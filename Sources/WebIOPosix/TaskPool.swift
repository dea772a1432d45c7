import Glibc

/// Threads for the tasks that the event loop starts, as many as the machine has cores and at least two.
///
/// It differs from the cooperative pool in one thing: what the loop hands it in one turn wakes its threads once, at the
/// end of the turn. With 50 sessions that answer a click each, a wake for every one of them cost a quarter of the time.
///
/// `@unchecked Sendable`: everything is under the mutex.
package final class TaskPool: TaskExecutor, @unchecked Sendable {
  package static let shared = TaskPool(threads: max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [UnownedJob] = []
  /// Behind those that are taken already.
  private var head = 0
  private var idle = 0

  private init(threads: Int) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    for number in 1...threads { Thread.start(name: "webio-pool-\(number)") { self.work() } }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(mutex)
    jobs.append(job)
    let wakes = idle > 0
    pthread_mutex_unlock(mutex)
    guard wakes else { return }
    if EventLoop.isCurrent {
      EventLoop.assumeIsolated { Reactor.shared.wakesPool = true }
    } else {
      pthread_cond_signal(condition)
    }
  }

  /// Wakes as many threads as there are jobs.
  func wake() {
    pthread_mutex_lock(mutex)
    let count = min(idle, jobs.count - head)
    pthread_mutex_unlock(mutex)
    for _ in 0..<max(0, count) { pthread_cond_signal(condition) }
  }

  private func work() {
    while true { next().runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func next() -> UnownedJob {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == jobs.count {
      idle += 1
      pthread_cond_wait(condition, mutex)
      idle -= 1
    }
    let job = jobs[head]
    head += 1
    if head == jobs.count {
      jobs.removeAll(keepingCapacity: jobs.capacity < 4_096)
      head = 0
    } else if head > 1_024, head * 2 > jobs.count {
      jobs.removeFirst(head)
      head = 0
    }
    return job
  }
}
