import Glibc
import WebIOPosix

/// Where a server's access log goes, and how its lines look.
///
///     var options = HTTPServerOptions()
///     options.accessLog = try AccessLog(.file("access.log"), trustedProxies: ["127.0.0.1"])
///
/// Writing never holds the server up: a target that is slow or full loses lines, and the log says how many.
public struct AccessLog: Sendable {
  public enum Target: Sendable {
    case standardError
    case standardOutput
    /// Appended to, and made when it is not there.
    case file(String)
    /// Called on the event loop with each line, without its end: it must not block.
    case lines(@Sendable (String) -> Void)
  }

  /// The line of eventlet's wsgi server: address, time, request line, status, bytes on the wire, seconds.
  public static let standardFormat = AccessLogFormat.standard

  /// Instead of a template: a JSON object a line, with `time` (RFC 3339), `client`, `method`, `target`, `host`, `userAgent`,
  /// `referer`, `status`, `bytes` and `ms`.
  public static let json = AccessLogFormat.json

  let target: Target
  let format: AccessLogFormat
  let linesPerSecond: Int

  /// - Parameters:
  ///   - format: A template with `%(client_ip)s`, `%(client_port)s`, `%(date_time)s`, `%(request_line)s`,
  ///     `%(status_code)s`, `%(body_length)s`, `%(wall_seconds).6f`, `%(method)s`, `%(path)s`, `%(host)s`,
  ///     `%(user_agent)s`, `%(referer)s`; `%%` is a percent sign. ``json`` for objects.
  ///   - trustedProxies: Addresses of peers whose `X-Forwarded-For` stands before their own address; `unix` is the peer
  ///     on a unix socket. What others send there is not logged.
  ///   - linesPerSecond: Of one peer, and ten times as many at once; what is more is counted and told in one line. A
  ///     trusted proxy's clients count each for itself. 0: all of them.
  ///
  /// Throws ``AccessLogError`` for a format with an unknown placeholder.
  public init(
    _ target: Target = .standardError, format: String = AccessLog.standardFormat, trustedProxies: [String] = [],
    linesPerSecond: Int = 20
  ) throws {
    guard let parsed = AccessLogFormat(format, trustedProxies: trustedProxies) else {
      throw AccessLogError(
        description: "\"\(format)\" is no format of an access log. Its placeholders look like %(client_ip)s, %(status_code)s "
          + "and %(wall_seconds).6f, and a percent sign is %%.")
    }
    self.target = target
    self.format = parsed
    self.linesPerSecond = max(0, linesPerSecond)
  }

  /// What a server calls with each entry. Throws a `SystemError` when the file cannot be opened.
  @EventLoop
  package func makeWriter() throws -> @EventLoop (AccessLogEntry) -> Void {
    let write: @EventLoop ([UInt8]) -> Void
    switch target {
    case .standardError: write = Self.lines(to: 2)
    case .standardOutput: write = Self.lines(to: 1)
    case .file(let path):
      let file = try retryingInterrupts("open \(path)") {
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
      }
      write = Self.lines(to: file, isOwned: true)
    case .lines(let body): write = { body(String(decoding: $0, as: UTF8.self)) }
    }
    guard linesPerSecond > 0 else { return { [format] in write(format.line($0)) } }
    let limited = LimitedLog(linesPerSecond, format, write)
    return { limited.log($0) }
  }

  /// Lines that are missing are counted where they would stand.
  private static func lines(to descriptor: Int32, isOwned: Bool = false) -> @EventLoop ([UInt8]) -> Void {
    let writer = BackgroundWriter(descriptor, isOwned: isOwned) {
      Array("- - - \($0) lines of this log are lost: \($1)\n".utf8)
    }
    return { writer.write($0 + [0x0a], isOptional: true) }
  }
}

/// A log that cannot be kept as it was asked for.
public struct AccessLogError: Error, CustomStringConvertible, CustomDebugStringConvertible {
  public let description: String
  public var debugDescription: String { UncaughtError.text(description) }
}

/// The lines of each peer up to its rate, and about the others one line a second.
@EventLoop
private final class LimitedLog {
  private var limiter: LogRateLimiter
  private let format: AccessLogFormat
  private let write: @EventLoop ([UInt8]) -> Void
  private var isScheduled = false

  init(_ rate: Int, _ format: AccessLogFormat, _ write: @escaping @EventLoop ([UInt8]) -> Void) {
    limiter = LogRateLimiter(rate: rate, burst: rate * 10)
    self.format = format
    self.write = write
  }

  func log(_ entry: AccessLogEntry) {
    if limiter.admits(format.client(of: entry), .now) { return write(format.line(entry)) }
    guard !isScheduled else { return }
    isScheduled = true
    Reactor.shared.schedule(after: .seconds(1)) { [self] in
      isScheduled = false
      for line in limiter.takeReport() { write(format.note(line)) }
    }
  }
}
