import WebIOHTTP
import WebIOPosix

extension DevSession {
  /// How a session is run.
  package struct Options: Sendable {
    /// Nil: 8080, or the next free one.
    package var port: UInt16?
    /// `localhost` is both kinds of loopback; empty is everywhere.
    package var host = "localhost"
    /// HTTPS instead of HTTP for the developer's side.
    package var security: TransportSecurity?
    package var watch = FileWatcher.Mode.automatic
    package var gateway = Gateway.Options()
    /// Arguments and environment of the app.
    package var arguments: [String] = []
    package var environment = Environment.all
    /// Another command than `swift build`, for tests.
    package var build: BuildCommand?
    /// Whether visitors keep their place when the app is reloaded.
    package var keepsPlace = true

    package init() {}
  }
}
