import WebIOPosix

/// What happens in a dev session, in its order. The command prints it, for a person or as JSON.
package enum DevEvent: Sendable {
  case building
  case progress(BuildProgress)
  /// The app's objects are there; only where SwiftPM is left out.
  case compiled
  case built(milliseconds: Int, warnings: [Diagnostic])
  case buildFailed([Diagnostic], log: [String])
  /// The app serves for the first time; `url` is what to open.
  case ready(url: String)
  /// The app of a new build has taken over, this long after the save.
  case reloaded(milliseconds: Int, pages: Int, restored: Int)
  /// A page is where it was, or as far as the newer code could follow.
  case replayed(kept: Int, total: Int)
  case crashed(DevCrash)
  case appOutput(String)
  case request(Gateway.LogEntry)
  case assetChanged(String)
  case warning(String)
}

/// An app that ended by itself.
package struct DevCrash: Sendable, Equatable {
  /// `SIGSEGV`, or `exit code 1`.
  package let reason: String
  /// The message and the project's own places on the way there; empty when the app told nothing.
  package let diagnostics: [Diagnostic]
  /// The last lines it printed.
  package let log: [String]
  /// For a save; otherwise the app is started again by itself.
  package let waits: Bool

  package init(reason: String, diagnostics: [Diagnostic], log: [String], waits: Bool) {
    self.reason = reason
    self.diagnostics = diagnostics
    self.log = log
    self.waits = waits
  }
}
