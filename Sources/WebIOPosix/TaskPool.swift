import CWebIOLinux
import Glibc

/// Threads for the tasks that the event loop starts, as many as the process has cores and at least two.
///
/// It differs from the cooperative pool in one thing: what the loop hands it in one turn wakes its threads once, at the
/// end of the turn. With 50 sessions that answer a click each, a wake for every one of them cost a quarter of the time.
/// On a single core a second thread for the same short jobs only costs switches. It is a reserve there: when a job has
/// blocked the first one for a millisecond while others wait, the loop wakes it.
///
/// `@unchecked Sendable`: everything is under the mutex.
package final class TaskPool: TaskExecutor, @unchecked Sendable {
  package static let shared: TaskPool = {
    let cores = Int(webio_core_count())
    return TaskPool(threads: max(2, cores), cores: cores)
  }()

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let threads: Int
  private let cores: Int
  private var jobs: [UnownedJob] = []
  /// Behind those that are taken already.
  private var head = 0
  /// Threads that run a job or were told to come.
  private var awake: Int
  /// How many were told to and have not come yet.
  private var calls = 0
  /// The loop looks after the jobs that wait.
  private var isWatched = false
  /// Of all times, and at the loop's last look, with the time since when it is the same.
  private var taken = 0
  private var seen = (taken: 0, at: MonotonicTime.now)

  /// More threads than cores are a reserve.
  package init(threads: Int, cores: Int) {
    self.threads = threads
    self.cores = cores
    awake = threads
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    for number in 1...threads { Thread.start(name: "webio-pool-\(number)") { self.work() } }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let isLoop = EventLoop.isCurrent
    pthread_mutex_lock(mutex)
    jobs.append(job)
    let asks = isLoop && !isWatched && awake < threads
    if asks { isWatched = true }
    let wakes = !isLoop && awake < threads
    if wakes { call(1) }
    pthread_mutex_unlock(mutex)
    if wakes { pthread_cond_signal(condition) }
    if asks { EventLoop.assumeIsolated { Reactor.shared.watch(self) } }
  }

  /// The mutex is held.
  private func call(_ count: Int) {
    awake += count
    calls += count
  }

  /// Wakes as many threads as there are jobs and free cores, and one of the reserve when nothing has moved for long.
  ///
  /// True while jobs wait that a thread of the reserve could take: then the loop looks again within a millisecond.
  func wake() -> Bool {
    pthread_mutex_lock(mutex)
    let waiting = jobs.count - head
    var count = max(0, min(waiting, cores - awake))
    let now = MonotonicTime.now
    if waiting == 0 || count > 0 || seen.taken != taken {
      seen = (taken, now)
    } else if awake < threads, now >= seen.at + Self.patience {
      seen.at = now
      count = 1
    }
    call(count)
    isWatched = waiting > count && awake < threads
    let isWatched = isWatched
    pthread_mutex_unlock(mutex)
    for _ in 0..<count { pthread_cond_signal(condition) }
    return isWatched
  }

  private static let patience = Duration.milliseconds(1)

  private func work() {
    while true { next().runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func next() -> UnownedJob {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == jobs.count {
      awake -= 1
      while calls == 0 { pthread_cond_wait(condition, mutex) }
      calls -= 1
    }
    let job = jobs[head]
    head += 1
    taken &+= 1
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
