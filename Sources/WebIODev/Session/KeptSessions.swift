import WebIOHTTP
import WebIOPosix

/// What of the visitors' sessions is kept while apps come and go: the logs that newer code replays, the sources that the
/// serving app was built from, and with them what a page can show before the next build is there.
@EventLoop
final class KeptSessions {
  enum Event: Sendable, Equatable {
    case replayed(kept: Int, total: Int)
    case preview(session: String, [JSONValue])
    case tooLong
  }

  private(set) var logs: SessionLogs!
  private let directory: String
  /// The sources of the app that serves, of the one that was built last, and of the build under way.
  private var serving = SourceSnapshot([:])
  private var built = SourceSnapshot([:])
  private var building = SourceSnapshot([:])
  /// Files that were saved since the serving app's build began.
  private var edited: Set<String> = []
  private var hasPreview = false
  /// Sessions that run once more to be saved.
  private var saving: [String: @EventLoop ([JSONValue]) -> Void] = [:]

  /// `directory` is the project's.
  init(in directory: String, report: @escaping @EventLoop (Event) -> Void) {
    self.directory = directory
    logs = SessionLogs(
      isLiving: { [weak self] in self?.serving.contains(literal: $0) ?? false },
      report: { [weak self] event in
        switch event {
        case .replayed(let kept, let total): if total > 0 { report(.replayed(kept: kept, total: total)) }
        case .preview(let session, let commands): report(.preview(session: session, commands))
        case .transcript(let session, let commands): self?.saving.removeValue(forKey: session)?(commands)
        case .tooLong: report(.tooLong)
        }
      })
  }

  // MARK: Builds

  func buildStarts(_ roots: [WatchRoot]) { building = SourceSnapshot(roots, in: directory) }

  /// Newer code may bear what the last one did not.
  func hasBuilt() {
    built = building
    logs.newBuild()
  }

  /// The app of the last build serves.
  func hasSwapped() {
    serving = built
    hasPreview = false
    edited = edited.filter { !serving.isCurrent($0) }
  }

  // MARK: The preview

  /// Only the contents of `paths` have changed: gives the edited literals of all files that differ from the serving app's
  /// sources, for the app to show. Nil when there is nothing to show and nothing to take back.
  func preview(saved paths: [String]) -> [LiteralChange]? {
    edited.formUnion(paths)
    let changes = edited.sorted().flatMap { serving.literalChanges(in: $0) ?? [] }
    guard !changes.isEmpty || hasPreview else { return nil }
    hasPreview = !changes.isEmpty
    return changes
  }

  /// The build says otherwise. Whether there is a preview to take back.
  func dropPreview() -> Bool {
    defer { hasPreview = false }
    return hasPreview
  }

  // MARK: Saving

  /// Lets `app` run a session again without a page, and writes what came of it into a file of the project.
  func save(_ session: String, by app: AppProcess?, _ completion: @escaping @EventLoop (Result<String, DevError>) -> Void) {
    guard let log = logs[session], let app, !log.entries.isEmpty else {
      return completion(.failure(DevError(.notASession, "There is nothing to save yet.", advice: "Answer something first.")))
    }
    let entries = log.withoutSecrets
    let id = "saved-\(randomToken(8))"
    saving[id] = { [directory] commands in
      let saved = SavedSession(app: log.app, entries: entries, transcript: Transcript(commands))
      do {
        completion(.success(try saved.write(in: directory)))
      } catch {
        completion(.failure(DevError(.system, "The session could not be written: \(error)", advice: "")))
      }
    }
    app.run(session: id, app: log.app, entries, labels: logs.living(in: entries))
  }
}
