import Glibc
import WebIOHTTP
import WebIOPosix

/// What a server has done and has to do, in numbers, as Prometheus collects them.
///
/// Counters only grow, and begin with the process. The names follow Prometheus' conventions: a unit in each name, `_total` behind
/// counters, `process_` for what every process has.
@EventLoop
final class ServerMetrics {
  var sessionsStarted = 0
  var sessionsRefused = 0
  var messagesReceived = 0
  var messagesSent = 0
  var bytesReceived = 0
  var bytesSent = 0
  /// By the status' first digit.
  private var answers = [Int](repeating: 0, count: 5)
  private var answerBytes = 0
  private var durations = Histogram()
  private let startTime: MonotonicTime = .now
  private let startSeconds: Int
  weak var server: HTTPServer?
  weak var registry: SessionRegistry?
  var isDraining = false

  init() {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    startSeconds = now.tv_sec
  }

  func count(_ entry: AccessLogEntry) {
    answers[min(max(entry.status.code / 100, 1), 5) - 1] += 1
    answerBytes += entry.bytes
    // A long poll waits, and a WebSocket stays: their time says nothing of the server.
    let isSession = entry.request?.fields.contains(PollingSessions.field) ?? false
    if !isSession, entry.status.code != 101 { durations.add(entry.duration) }
  }

  /// The access log's entries go on to `log`.
  func counting(_ log: (@EventLoop (AccessLogEntry) -> Void)?) -> @EventLoop (AccessLogEntry) -> Void {
    { [self] entry in
      count(entry)
      log?(entry)
    }
  }

  var text: String {
    var text = MetricsText()
    text.add("webio_sessions_open", .gauge, "Sessions that run or wait for their page.", registry?.count ?? 0)
    text.add("webio_sessions_limit", .gauge, "Sessions that there may be.", registry?.limits.total ?? 0)
    text.add("webio_sessions_started_total", .counter, "Sessions that were started.", sessionsStarted)
    text.add("webio_sessions_refused_total", .counter, "Visitors who were told to come back later.", sessionsRefused)
    text.add("webio_messages_received_total", .counter, "Messages from pages.", messagesReceived)
    text.add("webio_messages_sent_total", .counter, "Commands to pages.", messagesSent)
    text.add("webio_messages_received_bytes_total", .counter, "Bytes of messages from pages.", bytesReceived)
    text.add("webio_messages_sent_bytes_total", .counter, "Bytes of messages to pages, before compression.", bytesSent)
    text.add("webio_connections_open", .gauge, "Connections, WebSockets among them.", server?.connectionCount ?? 0)
    text.add("webio_websockets_open", .gauge, "WebSockets.", server?.webSocketCount ?? 0)
    text.describe("webio_http_requests_total", .counter, "Requests that were answered, by the class of the status.")
    for (index, count) in answers.enumerated() {
      text.sample("webio_http_requests_total", label: ("class", "\(index + 1)xx"), Double(count))
    }
    text.add("webio_http_response_bytes_total", .counter, "Bytes of answers, heads included.", answerBytes)
    durations.write(
      "webio_http_request_duration_seconds", "From a request's head to the end of its answer; no sessions.", to: &text)
    text.add("webio_draining", .gauge, "1 while the server is about to stop.", isDraining ? 1 : 0)
    text.add("webio_uptime_seconds", .gauge, "Since the server was started.", (MonotonicTime.now - startTime).inSeconds)
    let process = ProcessFigures.current
    text.add("process_start_time_seconds", .gauge, "Start of the server, since the epoch.", startSeconds)
    text.add("process_cpu_seconds_total", .counter, "User and system time.", process.processorTime.inSeconds)
    text.add("process_resident_memory_bytes", .gauge, "Resident memory.", process.residentBytes)
    text.add("process_open_fds", .gauge, "Open descriptors.", process.openDescriptors)
    text.add("process_max_fds", .gauge, "Descriptors that may be open.", process.descriptorLimit)
    return text.text
  }
}

/// How many durations were below each of some bounds.
private struct Histogram {
  private static let bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]
  private var counts = [Int](repeating: 0, count: bounds.count + 1)
  private var sum = 0.0

  mutating func add(_ duration: Duration) {
    let seconds = duration.inSeconds
    counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    sum += seconds
  }

  func write(_ name: String, _ help: String, to text: inout MetricsText) {
    text.describe(name, .histogram, help)
    var below = 0
    for (index, count) in counts.enumerated() {
      below += count
      let bound = index < Self.bounds.count ? Self.bounds[index] : .infinity
      text.sample("\(name)_bucket", label: ("le", MetricsText.number(bound)), Double(below))
    }
    text.sample("\(name)_sum", sum)
    text.sample("\(name)_count", Double(below))
  }
}

extension Duration {
  fileprivate var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
