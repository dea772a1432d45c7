import Testing
import WebIOPosix

@testable import WebIOTunnel

/// The two machines that look at the clock, with a clock that the test moves.
@Suite struct ScheduleTests {
  private static func time(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: UInt64(seconds * 1e9) + 1_000_000_000_000)
  }

  @Test func anOutageIsTriedQuicklyFirstThenSlowly() {
    var schedule = ReconnectSchedule()
    schedule.connected(at: Self.time(0))
    var now = 100.0
    var delays: [Duration] = []
    while now < 300 {
      let delay = schedule.failed(at: Self.time(now), wasAnswered: true, jitter: 0)
      delays.append(delay)
      now += Double(delay.wholeNanoseconds) / 1e9
    }
    #expect(delays.prefix(3) == [.milliseconds(200), .milliseconds(500), .seconds(1)])
    let slow = delays.drop { $0 <= .seconds(1) }
    #expect(slow.prefix(6) == [.seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(30), .seconds(30)])
    // A relay that is back within the first minute is found within two seconds.
    #expect(delays.prefix { $0 <= .seconds(1) }.count > 55)
  }

  @Test func aRelayThatIsGoneForHoursIsLookedForAllTheTime() {
    var schedule = ReconnectSchedule()
    schedule.connected(at: Self.time(0))
    var now = 100.0
    var longest = Duration.zero
    while now < 4 * 3_600 {
      let delay = schedule.failed(at: Self.time(now), wasAnswered: false, jitter: 1)
      // A restart is found sooner still.
      if now < 159, schedule.attempt > 2 { #expect(delay <= .milliseconds(420)) }
      longest = max(longest, delay)
      now += Double(delay.wholeNanoseconds) / 1e9
    }
    #expect(longest <= .milliseconds(840) && schedule.isUnanswered)
    // It is back, and not quite ready: the outage is a young one again.
    #expect(schedule.failed(at: Self.time(now), wasAnswered: true, jitter: 0) == .seconds(1))
    #expect(!schedule.isUnanswered)
    // Once in a while an unanswered attempt among refusals makes nothing quick.
    for second in 0..<100 {
      _ = schedule.failed(at: Self.time(now + Double(second)), wasAnswered: true, jitter: 0)
    }
    _ = schedule.failed(at: Self.time(now + 101), wasAnswered: false, jitter: 0)
    #expect(schedule.failed(at: Self.time(now + 102), wasAnswered: true, jitter: 0) > .seconds(1))
  }

  @Test func ofManyAttemptsFewAreTold() {
    var report = OutageReport()
    var told: [Int] = []
    for second in 0..<200 where report.tells("cannot connect", at: Self.time(Double(second))) { told.append(second) }
    #expect(told == [0, 1, 2, 62, 122, 182])
    // A new reason is told, but two that alternate are not each time.
    let isNewReasonTold = report.tells("not an SSH server", at: Self.time(200))
    #expect(isNewReasonTold)
    var again = 0
    for second in 201..<211 where report.tells("reason \(second % 2)", at: Self.time(Double(second))) { again += 1 }
    #expect(again == 2)
  }

  @Test func jitterOnlyAddsAndStaysBounded() {
    var schedule = ReconnectSchedule()
    #expect(schedule.failed(at: Self.time(0), wasAnswered: true, jitter: 1) == .milliseconds(240))
    #expect(schedule.failed(at: Self.time(1), wasAnswered: true, jitter: 99) == .milliseconds(600))
    #expect(schedule.failed(at: Self.time(2), wasAnswered: true, jitter: -1) == .seconds(1))
  }

  @Test func aTunnelThatIsLostAgainAndAgainIsBackWithinASecondEachTime() {
    var schedule = ReconnectSchedule(quickPeriod: .seconds(600))
    for round in 0..<200 {
      let now = Double(round) * 1.5
      schedule.connected(at: Self.time(now))
      #expect(schedule.failed(at: Self.time(now + 0.5), wasAnswered: true, jitter: 1) <= .milliseconds(840))
    }
    // A server that answers and lets nobody in gets no more than one attempt a second.
    #expect(schedule.failed(at: Self.time(310), wasAnswered: true, jitter: 0) == .seconds(1))
  }

  @Test func aPortIsGivenUpSoonerWhereTheServerDoesNotKnowThatItIsFree() {
    func refusals(_ port: KeptPort) -> Int {
      var port = port
      for count in 1..<100 {
        port.refused()
        if port.number == nil { return count }
      }
      return 100
    }
    var port = KeptPort()
    port.bound(4000)
    #expect(refusals(port) == KeptPort.patience + 1)
    port.moved()
    #expect(refusals(port) == KeptPort.patienceAfterMove + 1)
    port.opened()
    #expect(refusals(port) == KeptPort.patience + 1 && port.number == 4000)
  }

  @Test func aMinuteOfHealthForgetsTheOutage() {
    var schedule = ReconnectSchedule()
    for second in 0..<100 { _ = schedule.failed(at: Self.time(Double(second)), wasAnswered: true, jitter: 0) }
    schedule.connected(at: Self.time(200))
    #expect(schedule.failed(at: Self.time(230), wasAnswered: true, jitter: 0) > .seconds(1))
    schedule.connected(at: Self.time(300))
    #expect(schedule.failed(at: Self.time(361), wasAnswered: true, jitter: 0) == .milliseconds(200))
    #expect(schedule.attempt == 1)
  }

  @Test func aFixedNameIsAskedForAgainOnlyWhenTheServerHasMissedUs() {
    var schedule = ReconnectSchedule(nameCooldown: .seconds(11))
    schedule.connected(at: Self.time(0))
    #expect(schedule.failed(at: Self.time(100), wasAnswered: true, jitter: 0) == .seconds(11))
    // Nothing was held by an attempt that did not get through.
    #expect(schedule.failed(at: Self.time(111), wasAnswered: true, jitter: 0) == .milliseconds(500))
  }

  @Test func aSilentPeerIsAskedAndThenGivenUpWithinFifteenSeconds() {
    var watch = LinkWatch(now: Self.time(0), suspension: .zero)
    var actions: [(Double, LinkWatch.Action)] = []
    for second in stride(from: 2.0, through: 20, by: 2) {
      let action = watch.tick(now: Self.time(second), suspension: .zero)
      if action != .none { actions.append((second, action)) }
      if action == .dead { break }
    }
    #expect(actions.map(\.1) == [.probe, .dead])
    #expect(actions.last.map { $0.0 <= 15 } == true)
  }

  @Test func anAnswerOrAnyByteIsASignOfLife() {
    var watch = LinkWatch(now: Self.time(0), suspension: .zero)
    var probes = 0
    for second in stride(from: 2.0, through: 600, by: 2) {
      let action = watch.tick(now: Self.time(second), suspension: .zero)
      #expect(action != .dead)
      if action == .probe {
        probes += 1
        watch.received(at: Self.time(second + 0.1))
      }
    }
    #expect((50...80).contains(probes))
    var busy = LinkWatch(now: Self.time(0), suspension: .zero)
    for second in stride(from: 2.0, through: 100, by: 2) {
      busy.received(at: Self.time(second - 0.5))
      #expect(busy.tick(now: Self.time(second), suspension: .zero) == .none)
    }
  }

  @Test func aPeerWhoseAnswersPileUpIsAskedRarely() {
    var watch = LinkWatch(now: Self.time(0), suspension: .zero)
    watch.goSlow()
    var probed: [Double] = []
    for second in stride(from: 2.0, through: 240, by: 2) {
      guard watch.tick(now: Self.time(second), suspension: .zero) == .probe else { continue }
      probed.append(second)
      watch.received(at: Self.time(second))
    }
    #expect(probed == [60, 120, 180, 240])
  }

  @Test func aMachineThatSleptAsksAtOnce() {
    var watch = LinkWatch(now: Self.time(0), suspension: .seconds(10))
    watch.received(at: Self.time(1))
    #expect(watch.tick(now: Self.time(2), suspension: .seconds(10)) == .none)
    watch.received(at: Self.time(3))
    #expect(watch.tick(now: Self.time(4), suspension: .seconds(3610)) == .probe)
    #expect(watch.tick(now: Self.time(5), suspension: .seconds(3610)) == .none)
    #expect(watch.tick(now: Self.time(6), suspension: .seconds(3610)) == .dead)
  }

  @Test func anotherNetworkMakesAnOpenConnectionProveItself() {
    var watch = LinkWatch(now: Self.time(0), suspension: .zero)
    let first = watch.networkDidChange(at: Self.time(1))
    // A second change is no second question.
    let second = watch.networkDidChange(at: Self.time(2))
    #expect(first == .probe && second == .none)
    for second in [3.0, 5, 7] {
      #expect(watch.tick(now: Self.time(second), suspension: .zero) == .none, "a gap of five seconds is survived")
    }
    #expect(watch.tick(now: Self.time(9), suspension: .zero) == .dead)
    var alive = LinkWatch(now: Self.time(0), suspension: .zero)
    _ = alive.networkDidChange(at: Self.time(1))
    alive.received(at: Self.time(2))
    for second in [5.0, 9] { #expect(alive.tick(now: Self.time(second), suspension: .zero) == .none) }
  }

  @Test func aProcessThatWasStoppedDoesNotBlameThePeer() {
    var watch = LinkWatch(now: Self.time(0), suspension: .zero)
    // Two minutes of SIGSTOP: the silence was ours.
    #expect(watch.tick(now: Self.time(120), suspension: .zero) == .probe)
    watch.received(at: Self.time(120.1))
    #expect(watch.tick(now: Self.time(122), suspension: .zero) == .none)
  }

  @Test func packetsGoOutInASilenceAfterLossesAndOnlyThen() {
    var watch = LossWatch()
    #expect(watch.received(at: Self.time(0)) == .milliseconds(80))
    #expect(watch.received(at: Self.time(0.05)) == nil)
    // Not yet silent, and the kernel is not asked.
    var (sends, next) = watch.look(at: Self.time(0.08)) { fatalError("asked too early") }
    #expect(!sends && next == .milliseconds(50))
    (sends, next) = watch.look(at: Self.time(0.13)) { 0 }
    #expect(!sends && next == nil)

    // With losses: a few, ever more rarely, and then none.
    #expect(watch.received(at: Self.time(1)) != nil)
    var now = 1.08
    var times: [Double] = []
    while true {
      (sends, next) = watch.look(at: Self.time(now)) { 3 }
      if sends { times.append(now) }
      guard let next else { break }
      now += Double(next.wholeNanoseconds) / 1e9
    }
    #expect(times.count == LossWatch.limit && (2.0...2.5).contains(now), "\(times)")
    // A moment later they are still a reason; long after they are not.
    #expect(watch.received(at: Self.time(2.6)) != nil)
    #expect(watch.look(at: Self.time(2.7)) { 3 }.sends)
    _ = watch.received(at: Self.time(2.8))
    #expect(watch.look(at: Self.time(5)) { 3 } == (false, nil))
    #expect(watch.received(at: Self.time(6)) != nil)
    #expect(watch.look(at: Self.time(6.1)) { 3 } == (false, nil))
  }
}
