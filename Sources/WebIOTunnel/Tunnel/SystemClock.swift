import Glibc

enum SystemClock {
  /// How long the machine has been suspended since it was started: CLOCK_BOOTTIME counts that, CLOCK_MONOTONIC does not.
  static var suspension: Duration {
    var with = timespec()
    var without = timespec()
    clock_gettime(CLOCK_MONOTONIC, &without)
    clock_gettime(CLOCK_BOOTTIME, &with)
    return .seconds(with.tv_sec - without.tv_sec) + .nanoseconds(with.tv_nsec - without.tv_nsec)
  }
}
