import Glibc
import WebIOHTTP
import WebIOPosix

/// What a directory of apps has done, in numbers, and those of each app that runs, which its process tells.
@EventLoop
final class DeployMetrics {
  /// By the status' first digit.
  private var answers = [Int](repeating: 0, count: 5)
  private var builds = (good: 0, broken: 0)
  private var buildTime = 0
  var crashes = 0
  var evictions = 0

  func count(_ entry: AccessLogEntry) { answers[min(max(entry.status.code / 100, 1), 5) - 1] += 1 }

  func count(build milliseconds: Int, isGood: Bool) {
    if isGood { builds.good += 1 } else { builds.broken += 1 }
    buildTime += milliseconds
  }

  /// `states` has how many apps are in each.
  func text(states: [(name: String, count: Int)], _ server: HTTPServer?) -> String {
    var text = MetricsText()
    text.describe("webio_serve_apps", .gauge, "Apps that somebody has asked for, by what they do now.")
    for (name, count) in states { text.sample("webio_serve_apps", label: ("state", name), Double(count)) }
    text.describe("webio_serve_builds_total", .counter, "Compilations that have ended.")
    text.sample("webio_serve_builds_total", label: ("result", "built"), Double(builds.good))
    text.sample("webio_serve_builds_total", label: ("result", "failed"), Double(builds.broken))
    text.add("webio_serve_build_seconds_total", .counter, "Time that compilations took.", Double(buildTime) / 1_000)
    text.add("webio_serve_crashes_total", .counter, "Processes of apps that ended by themselves.", crashes)
    text.add("webio_serve_evictions_total", .counter, "Apps that were stopped because nobody used them.", evictions)
    text.describe("webio_serve_http_requests_total", .counter, "Requests that were answered, by the class of the status.")
    for (index, count) in answers.enumerated() {
      text.sample("webio_serve_http_requests_total", label: ("class", "\(index + 1)xx"), Double(count))
    }
    text.add("webio_serve_connections_open", .gauge, "Connections of visitors.", server?.connectionCount ?? 0)
    let process = ProcessFigures.current
    text.add(
      "process_cpu_seconds_total", .counter, "User and system time.", Double(process.processorTime.wholeMilliseconds) / 1_000)
    text.add("process_resident_memory_bytes", .gauge, "Resident memory.", process.residentBytes)
    text.add("process_open_fds", .gauge, "Open descriptors.", process.openDescriptors)
    text.add("process_max_fds", .gauge, "Descriptors that may be open.", process.descriptorLimit)
    return text.text
  }
}

/// Asks an app's process for its metrics, beside the connections of visitors.
@EventLoop
final class MetricsQuestion {
  /// What tells an app that it is `webio serve` who asks.
  static let field = "Webio-Metrics"
  /// One that hangs is left out.
  private static let patience = Duration.seconds(1)
  private static let sizeLimit = 1 << 20

  private var completion: (@EventLoop (String?) -> Void)?
  private var client: HTTPClientConnection?
  private var body: [UInt8] = []
  private var isGood = false

  /// Nil when there is no answer.
  init(_ address: SocketAddress, token: String, _ completion: @escaping @EventLoop (String?) -> Void) {
    self.completion = completion
    Reactor.shared.schedule(after: Self.patience) { self.finish(nil) }
    Connector.connect(to: address, timeout: Self.patience) { [self] result in
      guard case .success(let stream) = result else { return finish(nil) }
      guard self.completion != nil else { return stream.abort() }
      ask(HTTPClientConnection(stream: stream), token)
    }
  }

  private func ask(_ client: HTTPClientConnection, _ token: String) {
    self.client = client
    client.onHead = { [self] in isGood = $0.status == .ok }
    client.onBody = { [self] bytes in
      guard body.count + bytes.count <= Self.sizeLimit else { return finish(nil) }
      body += bytes
    }
    client.onEnd = { [self] error in finish(error == nil && isGood ? String(decoding: body, as: UTF8.self) : nil) }
    client.send("GET", "/metrics", ["Host": "localhost", Self.field: token])
  }

  private func finish(_ text: String?) {
    guard let completion else { return }
    self.completion = nil
    client?.close()
    client = nil
    completion(text)
  }
}
