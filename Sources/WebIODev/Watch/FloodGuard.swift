import WebIOPosix

/// Notices a file that changes again and again by itself: an app that writes into the watched tree would be built, or have
/// its pages loaded, for ever.
struct FloodGuard {
  enum Verdict: Equatable {
    case change
    /// The fifth change in ten seconds: to be told, once.
    case floodBegins
    /// One more of them.
    case flood
  }

  private var times: [String: [MonotonicTime]] = [:]
  private var flooding: Set<String> = []
  private let limit = 5
  let window: Duration = .seconds(10)

  /// A change of `path` that no person has made as far as one can tell.
  mutating func receive(_ path: String, at now: MonotonicTime) -> Verdict {
    var recent = (times[path] ?? []).filter { now - $0 < window }
    recent.append(now)
    times[path] = recent.suffix(limit).map { $0 }
    guard recent.count >= limit else {
      flooding.remove(path)
      return .change
    }
    return flooding.insert(path).inserted ? .floodBegins : .flood
  }
}
