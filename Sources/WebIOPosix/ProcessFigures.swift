import Glibc

/// What this process takes of the machine. See proc(5) and getrusage(2).
package struct ProcessFigures: Sendable {
  /// Bytes of memory that are in use and not swapped out.
  package let residentBytes: Int
  package let openDescriptors: Int
  package let descriptorLimit: Int
  /// To which the limit can be raised without rights. See getrlimit(2).
  package let hardDescriptorLimit: Int
  /// User and system time of all threads.
  package let processorTime: Duration

  package static var current: ProcessFigures {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return ProcessFigures(
      residentBytes: residentPages * Int(sysconf(Int32(_SC_PAGESIZE))),
      // The listing itself has one open.
      openDescriptors: max(0, ((try? Files.list("/proc/self/fd")) ?? []).count - 1),
      descriptorLimit: Int(clamping: limit.rlim_cur),
      hardDescriptorLimit: Int(clamping: limit.rlim_max), processorTime: .seconds(seconds) + .microseconds(microseconds))
  }

  /// Lets this process have as many descriptors as it may: shells begin with 1,024 for the sake of select(2), which a server of
  /// thousands of connections does not use.
  package static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// The second number of `statm`.
  private static var residentPages: Int {
    let words = ((try? Files.read("/proc/self/statm")) ?? []).split(separator: UInt8(ascii: " "))
    guard words.count > 1 else { return 0 }
    return words[1].reduce(0) { $0 * 10 + Int($1 &- 0x30) }
  }
}
