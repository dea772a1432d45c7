import WebIOPosix

/// Directories to watch.
package struct WatchRoot: Sendable, Hashable {
  package let path: String
  /// With everything beneath; otherwise only the files that lie in it.
  package let isRecursive: Bool
  /// Only this file of the directory counts.
  package let onlyFile: String?

  package init(_ path: String, isRecursive: Bool = true) {
    self.path = path
    self.isRecursive = isRecursive
    onlyFile = nil
  }

  /// One file, watched through its directory.
  package init(only file: String) {
    path = Path.directory(of: file)
    isRecursive = false
    onlyFile = file
  }
}

/// What changed, after comparing contents: a file that was only touched is not here.
package struct FileChange: Sendable, Equatable {
  package enum Action: Sendable { case added, modified, removed }

  package let path: String
  package let action: Action

  package var kind: ChangeKind { WatchFilter.kind(of: path) }
}

/// The files below the watched directories and what each held when it was last reported.
struct WatchTree {
  private var known: [String: Fingerprint] = [:]

  var files: Dictionary<String, Fingerprint>.Keys { known.keys }

  /// The files and directories that are in a directory now, without the ignored ones.
  static func list(_ directory: String) -> (files: [String], directories: [String]) {
    var files: [String] = []
    var directories: [String] = []
    for name in (try? Files.list(directory)) ?? [] where !WatchFilter.ignores(name) {
      let path = Path.join(directory, name)
      if !Files.isDirectory(path) {
        files.append(path)
      } else if !Files.isSymbolicLink(path) || isFirstVisit(path) {
        directories.append(path)
      }
    }
    return (files, directories)
  }

  /// A link to a directory above itself would be walked for ever.
  private static func isFirstVisit(_ link: String) -> Bool {
    guard let target = Files.resolve(link), let place = Files.resolve(Path.directory(of: link)) else { return false }
    return !(place + "/").hasPrefix(target + "/")
  }

  /// Takes a file for known as it is now.
  mutating func learn(_ path: String) { known[path] = Fingerprint(path) }

  /// How `path` differs from what was last reported; nil when it does not. The answer is then what is known.
  ///
  /// A file that has just become empty is `held` once by the caller: some editors write in two steps.
  mutating func compare(_ path: String) -> FileChange? {
    let before = known[path]
    let now = Fingerprint(path)
    guard before != now else { return nil }
    known[path] = now
    guard now != nil else { return FileChange(path: path, action: .removed) }
    return FileChange(path: path, action: before == nil ? .added : .modified)
  }

  func hasBecomeEmpty(_ path: String) -> Bool {
    guard let before = known[path], before.size > 0, let status = Files.status(path) else { return false }
    return status.st_size == 0
  }

  mutating func forget(_ path: String) { known[path] = nil }
}
