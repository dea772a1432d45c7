import Glibc
import WebIOPosix

/// Tells of changed files below a set of directories: by inotify, or by looking every now and then.
///
/// New directories are followed at once, a lost or late note is made good by looking at everything again, and what is
/// reported has really other contents than before.
@EventLoop
package final class FileWatcher {
  package enum Mode: Sendable, Equatable {
    /// inotify, and polling where it cannot work.
    case automatic
    case poll(every: Duration)
  }

  private let onChange: @EventLoop ([FileChange]) -> Void
  private let onWarning: @EventLoop (String) -> Void
  private var roots: [WatchRoot] = []
  private var tree = WatchTree()
  private var debouncer: Debouncer
  /// The name of a file system that reports no changes; see `FileSystem`.
  private let remoteName: (String) -> String?
  private var timer: TimerToken?
  private var held: Set<String> = []
  private var gitLocks: [GitLock] = []
  private var pollInterval: Duration?
  private var pollTimer: TimerToken?
  private var stamps: [String: FileStamp] = [:]
  private var watch: DirectoryWatch?
  private var directoryOfWatch: [Int32: (path: String, isRecursive: Bool)] = [:]
  private var watchOfDirectory: [String: Int32] = [:]

  init(
    mode: Mode = .automatic, watchLimit: Int = .max, debouncer: Debouncer = Debouncer(),
    remoteName: @escaping (String) -> String? = FileSystem.remoteName(of:), onWarning: @escaping @EventLoop (String) -> Void,
    onChange: @escaping @EventLoop ([FileChange]) -> Void
  ) {
    self.onChange = onChange
    self.onWarning = onWarning
    self.debouncer = debouncer
    self.remoteName = remoteName
    switch mode {
    case .poll(let interval): startPolling(every: interval, because: nil)
    case .automatic:
      do {
        watch = try DirectoryWatch(limit: watchLimit) { [weak self] in self?.receive($0) }
      } catch {
        startPolling(because: error)
      }
    }
  }

  package var isPolling: Bool { pollInterval != nil }

  /// Watches more directories. What lies in them now is known, and not reported.
  package func add(_ added: [WatchRoot]) {
    for root in added where !roots.contains(root) {
      roots.append(root)
      if !root.isRecursive, let lock = GitLock(of: root.path) { gitLocks.append(lock) }
      follow(root.path, isRecursive: root.isRecursive) { [self] in tree.learn($0) }
    }
    if isPolling { stamps = takeStamps() }
  }

  package func stop() {
    timer?.cancel()
    pollTimer?.cancel()
    pollInterval = nil
    watch?.close()
    watch = nil
    roots = []
  }

  // MARK: inotify

  /// Watches a directory first and lists it then, so that nothing made in between is missed.
  private func follow(_ directory: String, isRecursive: Bool, visit: (String) -> Void) {
    if let watch {
      if let name = remoteName(directory) {
        startPolling(
          every: .milliseconds(500), because: "\(directory) is on \(name), which does not tell what others change there")
      }
      do {
        let number = try watch.add(directory)
        directoryOfWatch[number] = (directory, isRecursive || directoryOfWatch[number]?.isRecursive == true)
        watchOfDirectory[directory] = number
      } catch {
        switch error {
        case let error as SystemError where error.code == ENOENT || error.code == ENOTDIR: return
        default: startPolling(because: error)
        }
      }
    }
    let (files, directories) = WatchTree.list(directory)
    files.filter(isWanted).forEach(visit)
    guard isRecursive else { return }
    for directory in directories { follow(directory, isRecursive: true, visit: visit) }
  }

  private func receive(_ events: [DirectoryWatch.Event]) {
    let now = MonotonicTime.now
    for event in events {
      if event.change == .overflow {
        rescan(now)
        continue
      }
      guard let (directory, isRecursive) = directoryOfWatch[event.watch] else { continue }
      if event.change == .directoryGone {
        lose(event.watch, directory, now)
        continue
      }
      guard !WatchFilter.ignores(event.name) else { continue }
      let path = Path.join(directory, event.name)
      switch event.change {
      case .created where Files.isDirectory(path), .completed where event.isDirectory:
        let root = roots.first { $0.path == path }
        guard isRecursive || root != nil else { continue }
        follow(path, isRecursive: isRecursive || root?.isRecursive == true) {
          debouncer.receive($0, isWhole: false, at: now)
        }
      case .removed where event.isDirectory:
        unfollow(below: path)
        noteFiles(below: path, now)
      default:
        guard isWanted(path) else { continue }
        let isKnown = tree.files.contains(path)
        if event.change == .removed, !isKnown {
          // An editor's temporary file has got its name: there was never anything of it to tell.
          debouncer.forget(path)
        } else {
          debouncer.receive(path, isWhole: event.change == .completed, isKnown: isKnown, at: now)
        }
      }
    }
    arm()
  }

  /// In a directory that is watched for the sake of one file the others do not count.
  private func isWanted(_ path: String) -> Bool {
    let directory = Path.directory(of: path)
    let narrow = roots.filter { $0.path == directory && $0.onlyFile != nil }
    guard !narrow.isEmpty, !narrow.contains(where: { $0.onlyFile == path }) else { return true }
    return roots.contains { root in
      guard root.onlyFile == nil else { return false }
      return root.path == directory || (root.isRecursive && directory.hasPrefix(root.path + "/"))
    }
  }

  /// A watched directory was deleted or renamed: its files are looked at, and a root that comes back is followed again.
  private func lose(_ number: Int32, _ directory: String, _ now: MonotonicTime) {
    unfollow(number)
    unfollow(below: directory)
    noteFiles(below: directory, now)
    if Files.isDirectory(directory) { rescan(now) }
  }

  private func unfollow(_ number: Int32) {
    watch?.remove(number)
    if let (path, _) = directoryOfWatch.removeValue(forKey: number), watchOfDirectory[path] == number {
      watchOfDirectory[path] = nil
    }
  }

  /// Watches stay with inodes: those of a tree that was renamed away would go on reporting under its old names.
  private func unfollow(below directory: String) {
    for (number, place) in directoryOfWatch where place.path.hasPrefix(directory + "/") { unfollow(number) }
  }

  private func noteFiles(below directory: String, _ now: MonotonicTime) {
    for path in tree.files where path.hasPrefix(directory + "/") {
      debouncer.receive(path, isWhole: false, at: now)
    }
  }

  /// Looks at every file that is known or there.
  private func rescan(_ now: MonotonicTime) {
    tree.files.forEach { debouncer.receive($0, isWhole: false, at: now) }
    for root in roots {
      follow(root.path, isRecursive: root.isRecursive) { debouncer.receive($0, isWhole: false, at: now) }
    }
    arm()
  }

  // MARK: The end of a save

  private func arm() {
    timer?.cancel()
    guard let deadline = debouncer.deadline else { return }
    timer = Reactor.shared.schedule(after: deadline - MonotonicTime.now) { [weak self] in self?.settle() }
  }

  private func settle() {
    // What has happened before this moment belongs to the same save, however late this timer is.
    watch?.drain()
    if !debouncer.isOverdue(at: .now), gitLocks.contains(where: \.isHeld) {
      timer?.cancel()
      let pause = debouncer.isBurst ? debouncer.quiet : debouncer.settle
      timer = Reactor.shared.schedule(after: pause) { [weak self] in self?.settle() }
      return
    }
    guard let paths = debouncer.take(at: MonotonicTime.now) else { return arm() }
    var changes: [FileChange] = []
    for path in paths {
      if !held.contains(path), tree.hasBecomeEmpty(path) {
        held.insert(path)
        debouncer.receive(path, isWhole: false, at: MonotonicTime.now)
      } else {
        held.remove(path)
        if let change = tree.compare(path) { changes.append(change) }
      }
    }
    arm()
    if !changes.isEmpty { onChange(changes) }
  }

  // MARK: Polling

  private func startPolling(because error: any Error) {
    let code = (error as? SystemError)?.code
    let reason =
      switch code {
      case ENOSPC:
        "the limit of watched directories is reached (raise it: sudo sysctl fs.inotify.max_user_watches=524288)"
      case EMFILE:
        "the limit of inotify instances is reached (raise it: sudo sysctl fs.inotify.max_user_instances=512)"
      default: "\(error)"
      }
    startPolling(every: .milliseconds(500), because: reason)
  }

  private func startPolling(every interval: Duration, because reason: String?) {
    guard pollInterval == nil else { return }
    pollInterval = interval
    watch?.close()
    watch = nil
    directoryOfWatch = [:]
    watchOfDirectory = [:]
    if let reason {
      onWarning("looking for changes every \(interval.wholeMilliseconds) ms, because \(reason)")
    }
    stamps = takeStamps()
    schedulePoll(interval)
  }

  private func schedulePoll(_ interval: Duration) {
    pollTimer = Reactor.shared.schedule(after: interval) { [weak self] in self?.poll() }
  }

  private func poll() {
    guard let pollInterval else { return }
    let now = MonotonicTime.now
    let current = takeStamps()
    for (path, stamp) in current where stamps[path] != stamp { debouncer.receive(path, isWhole: true, at: now) }
    for path in stamps.keys where current[path] == nil { debouncer.receive(path, isWhole: false, at: now) }
    stamps = current
    arm()
    schedulePoll(pollInterval)
  }

  private func takeStamps() -> [String: FileStamp] {
    var stamps: [String: FileStamp] = [:]
    for root in roots {
      follow(root.path, isRecursive: root.isRecursive) { stamps[$0] = FileStamp($0) }
    }
    return stamps
  }
}
