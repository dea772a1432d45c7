import Testing
import WebIOPosix

@Suite(.timeLimit(.minutes(2))) struct TaskPoolTests {
  /// Of two threads for one core the loop wakes one, and the other when the first does not come back.
  @Test func aJobThatBlocksHoldsUpNoneThatCameWithIt() async {
    let pool = TaskPool(threads: 2, cores: 1)
    for _ in 0..<20 {
      let parker = Parker()
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        EventLoop.run {
          Task.detached(executorPreference: pool) {
            parker.park()
            done.resume()
          }
          Task.detached(executorPreference: pool) { parker.unpark() }
        }
      }
    }
  }

  /// The one that blocks was alone when its thread was woken.
  @Test func aJobThatBlocksHoldsUpNoneThatComesLater() async {
    let pool = TaskPool(threads: 2, cores: 1)
    let (parker, started) = (Parker(), Parker())
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      EventLoop.run {
        Task.detached(executorPreference: pool) {
          started.unpark()
          parker.park()
          done.resume()
        }
      }
      Thread.start(name: "test") {
        started.park()
        EventLoop.run { Task.detached(executorPreference: pool) { parker.unpark() } }
      }
    }
  }

  @Test(arguments: [1, 2, 8]) func allJobsRunWhoeverBringsThem(_ cores: Int) async {
    let pool = TaskPool(threads: max(2, cores), cores: cores)
    let numbers = await withTaskGroup(of: Int.self) { group in
      for number in 0..<300 {
        group.addTask {
          await withCheckedContinuation { (done: CheckedContinuation<Int, Never>) in
            let start: @Sendable () -> Void = {
              Task.detached(executorPreference: pool) {
                await Task.yield()
                done.resume(returning: number)
              }
            }
            if number % 3 == 0 { start() } else { EventLoop.run { start() } }
          }
        }
      }
      return await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(numbers.count == 300)
  }
}
