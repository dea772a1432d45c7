import WebIOPosix

/// What happens in a dev session, in its order. The command prints it, for a person or as JSON.
package enum DevEvent: Sendable {
  case building
  case progress(BuildProgress)
  case built(milliseconds: Int)
  case buildFailed([Diagnostic], log: [String])
  /// The app serves for the first time; `url` is what to open.
  case ready(url: String)
  /// The app of a new build has taken over, this long after the save.
  case reloaded(milliseconds: Int, pages: Int, restored: Int)
  /// A page is where it was, or as far as the newer code could follow.
  case replayed(kept: Int, total: Int)
  /// `waits` for a save; otherwise the app is started again by itself.
  case crashed(reason: String, log: [String], waits: Bool)
  case appOutput(String)
  case request(Gateway.LogEntry)
  case assetChanged(String)
  case warning(String)
}
