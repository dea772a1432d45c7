import CWebIOLinux
import Glibc

/// Which way a descriptor can go on.
package struct Readiness: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let readable = Readiness(rawValue: 1)
  package static let writable = Readiness(rawValue: 2)
  /// The peer is gone or the descriptor has an error; it is set whatever was asked for.
  package static let failed = Readiness(rawValue: 4)
  /// The peer has ended its direction; what it sent before may still be there.
  package static let ended = Readiness(rawValue: 8)
}

/// Gets told when its descriptor is ready.
@EventLoop
package protocol EventSource: AnyObject {
  func descriptorIsReady(_ readiness: Readiness)
}

/// A descriptor's entry in the interest set. The generation keeps a late event of a closed descriptor from its successor.
package struct Registration: Sendable {
  fileprivate let slot: Int32
  fileprivate let generation: UInt32
  fileprivate let descriptor: Int32
  fileprivate let isEdgeTriggered: Bool
}

/// The loop itself: an epoll interest set and the timers. See epoll(7), timerfd_create(2).
@EventLoop
package final class Reactor {
  package static let shared = Reactor()

  private struct Slot {
    var source: (any EventSource)?
    var generation: UInt32 = 0
  }

  private let epoll: Int32
  private var slots: [Slot] = []
  private var freeSlots: [Int32] = []
  private var timers = TimerQueue()
  private let timerDescriptor: Int32
  private var armed: MonotonicTime?
  /// Shared by all streams: a read is handed on before the next one starts.
  package let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

  /// Those that were handed something, in this turn or in one whose jobs still wait.
  private var pools: [TaskPool] = []
  /// This thread has added to its own queue.
  var hasLocalWork = false

  private static let wakeToken: UInt64 = .max
  private static let timerToken: UInt64 = .max - 1

  private init() {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    timerDescriptor = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
    precondition(epoll >= 0 && timerDescriptor >= 0, "epoll or timerfd: \(SystemError.text(of: errno))")
    control(EPOLL_CTL_ADD, timerDescriptor, [.readable], token: Self.timerToken)
  }

  /// An edge-triggered source is told once of what has come. It reads until a read is short, or calls `modify` to be told
  /// of the rest in its next turn: for a socket that is read in small pieces the kernel looks half as often.
  package func add(
    _ descriptor: Int32, _ interest: Readiness, _ source: any EventSource, isEdgeTriggered: Bool = false
  ) throws -> Registration {
    let slot: Int32
    if let free = freeSlots.popLast() {
      slot = free
    } else {
      slot = Int32(slots.count)
      slots.append(Slot())
    }
    slots[Int(slot)].source = source
    let generation = slots[Int(slot)].generation
    let registration = Registration(
      slot: slot, generation: generation, descriptor: descriptor, isEdgeTriggered: isEdgeTriggered)
    if control(EPOLL_CTL_ADD, descriptor, interest, token: token(of: registration), isEdgeTriggered) != 0 {
      let failure = SystemError("epoll_ctl")
      release(registration)
      throw failure
    }
    return registration
  }

  package func modify(_ registration: Registration, _ interest: Readiness) {
    control(
      EPOLL_CTL_MOD, registration.descriptor, interest, token: token(of: registration), registration.isEdgeTriggered)
  }

  /// Call before the descriptor is closed.
  package func remove(_ registration: Registration) {
    control(EPOLL_CTL_DEL, registration.descriptor, [], token: 0)
    release(registration)
  }

  /// Instead of `remove` for a descriptor that is closed at once and has no duplicate: one system call less.
  package func forget(_ registration: Registration) { release(registration) }

  private func release(_ registration: Registration) {
    slots[Int(registration.slot)].source = nil
    slots[Int(registration.slot)].generation &+= 1
    freeSlots.append(registration.slot)
  }

  private func token(of registration: Registration) -> UInt64 {
    UInt64(registration.generation) << 32 | UInt64(UInt32(bitPattern: registration.slot))
  }

  @discardableResult
  private func control(
    _ operation: Int32, _ descriptor: Int32, _ interest: Readiness, token: UInt64, _ isEdgeTriggered: Bool = false
  ) -> Int32 {
    var event = epoll_event()
    if isEdgeTriggered { event.events |= EPOLLET.rawValue }
    if interest.contains(.readable) { event.events |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
    if interest.contains(.writable) { event.events |= EPOLLOUT.rawValue }
    event.data.u64 = token
    return epoll_ctl(epoll, operation, descriptor, &event)
  }

  // MARK: Timers

  /// Calls `body` once, at the earliest after `delay`.
  @discardableResult
  package func schedule(after delay: Duration, _ body: @escaping @EventLoop () -> Void) -> TimerToken {
    let token = timers.insert(at: MonotonicTime.now + delay, body)
    armTimer()
    return token
  }

  private func armTimer() {
    let next = timers.earliest
    guard next != armed else { return }
    armed = next
    var setting = itimerspec()
    if let next {
      setting.it_value.tv_sec = Int(next.nanoseconds / 1_000_000_000)
      setting.it_value.tv_nsec = Int(next.nanoseconds % 1_000_000_000)
    }
    timerfd_settime(timerDescriptor, Int32(TFD_TIMER_ABSTIME), &setting, nil)
  }

  private func fireTimers() {
    armed = nil
    let now = MonotonicTime.now
    while let body = timers.popDue(now) { body() }
    armTimer()
  }

  // MARK: The loop

  /// Has `pool` woken at the end of this turn.
  func watch(_ pool: TaskPool) { pools.append(pool) }

  private func wakePools() {
    for index in pools.indices.reversed() where !pools[index].wake() { pools.remove(at: index) }
  }

  func run(waking wakeDescriptor: Int32, drain: () -> Void) -> Never {
    control(EPOLL_CTL_ADD, wakeDescriptor, [.readable], token: Self.wakeToken)
    let capacity = 256
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
    while true {
      // A millisecond while a pool has a thread in reserve for jobs that wait.
      let count = epoll_wait(epoll, events, Int32(capacity), hasLocalWork ? 0 : pools.isEmpty ? -1 : 1)
      var timersAreDue = false
      for index in 0..<max(0, Int(count)) {
        let token = events[index].data.u64
        switch token {
        case Self.wakeToken:
          var value: eventfd_t = 0
          eventfd_read(wakeDescriptor, &value)
          drain()
        case Self.timerToken:
          var expirations: UInt64 = 0
          read(timerDescriptor, &expirations, 8)
          timersAreDue = true
        default:
          let slot = Int(token & 0xffff_ffff)
          guard slots[slot].generation == UInt32(token >> 32), let source = slots[slot].source else { continue }
          source.descriptorIsReady(readiness(events[index].events))
        }
      }
      // After what has come: a process that was held up for long does not give up what arrived meanwhile.
      if timersAreDue { fireTimers() }
      if hasLocalWork {
        hasLocalWork = false
        drain()
      }
      if !pools.isEmpty { wakePools() }
    }
  }

  private func readiness(_ events: UInt32) -> Readiness {
    var readiness: Readiness = []
    if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { readiness.insert(.readable) }
    if events & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
    if events & EPOLLRDHUP.rawValue != 0 { readiness.insert(.ended) }
    if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { readiness.insert(.failed) }
    return readiness
  }
}
