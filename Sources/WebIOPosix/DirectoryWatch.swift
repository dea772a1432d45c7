import CWebIOLinux
import Glibc

/// The kernel's notes about what happens to the entries of directories. See inotify(7).
///
/// Directories are watched, never files: an editor that saves by rename leaves a file's watch on the old inode.
@EventLoop
package final class DirectoryWatch: EventSource {
  /// What happened.
  package enum Change: Sendable, Equatable {
    /// A file was written and closed, or renamed to its place: its contents are whole.
    case completed
    /// An entry came to be; a file's contents may still be on their way.
    case created
    /// An entry is gone: deleted, or renamed away.
    case removed
    /// The watched directory itself is gone, and its watch with it.
    case directoryGone
    /// The kernel's queue was full and notes are lost: look at everything again.
    case overflow
  }

  package struct Event: Sendable, Equatable {
    package let watch: Int32
    package let change: Change
    /// The entry's name in its directory; empty when the directory itself is meant.
    package let name: String
    package let isDirectory: Bool
  }

  private let descriptor: Int32
  private var registration: Registration?
  private let receive: @EventLoop ([Event]) -> Void
  private let limit: Int
  private var count = 0

  /// `limit` stands in for the kernel's `fs.inotify.max_user_watches` in tests.
  package init(limit: Int = .max, receive: @escaping @EventLoop ([Event]) -> Void) throws {
    descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
    self.receive = receive
    self.limit = limit
    guard descriptor >= 0 else { throw SystemError("inotify_init") }
    registration = try Reactor.shared.add(descriptor, [.readable], self)
  }

  /// Watches a directory and gives the number its events carry: the same one for the same directory.
  package func add(_ path: String) throws -> Int32 {
    guard count < limit else { throw SystemError("watch \(path)", code: ENOSPC) }
    let mask =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM | Int32(IN_DELETE_SELF)
      | Int32(IN_MOVE_SELF) | Int32(IN_ONLYDIR) | Int32(IN_EXCL_UNLINK)
    let watch = inotify_add_watch(descriptor, path, UInt32(mask))
    guard watch >= 0 else { throw SystemError("watch \(path)") }
    count += 1
    return watch
  }

  package func remove(_ watch: Int32) {
    if inotify_rm_watch(descriptor, watch) == 0 { count -= 1 }
  }

  package func close() {
    guard let registration else { return }
    self.registration = nil
    Reactor.shared.remove(registration)
    Glibc.close(descriptor)
  }

  package func descriptorIsReady(_ readiness: Readiness) { drain() }

  /// Reads what the kernel has noted until now.
  package func drain() {
    var events: [Event] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    // Bounded: a process that writes without end must not hold the loop.
    for _ in 0..<16 where registration != nil {
      let size = read(descriptor, &buffer, buffer.count)
      guard size > 0 else { break }
      buffer.withUnsafeBytes { Self.parse(UnsafeRawBufferPointer(rebasing: $0[..<size]), into: &events) }
    }
    if !events.isEmpty { receive(events) }
  }

  private static func parse(_ bytes: UnsafeRawBufferPointer, into events: inout [Event]) {
    let headSize = 16
    var position = 0
    while position + headSize <= bytes.count {
      let watch = bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)
      let mask = bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
      let nameSize = Int(bytes.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
      let field = UnsafeRawBufferPointer(rebasing: bytes[(position + headSize)..<(position + headSize + nameSize)])
      position += headSize + nameSize
      guard let change = change(of: mask) else { continue }
      let name = String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
      events.append(
        Event(watch: watch, change: change, name: name, isDirectory: mask & UInt32(IN_ISDIR) != 0))
    }
  }

  private static func change(of mask: UInt32) -> Change? {
    func has(_ bits: Int32) -> Bool { mask & UInt32(bitPattern: bits) != 0 }
    if has(IN_Q_OVERFLOW) { return .overflow }
    if has(IN_DELETE_SELF) || has(IN_MOVE_SELF) || has(IN_UNMOUNT) { return .directoryGone }
    if has(IN_CLOSE_WRITE) || has(IN_MOVED_TO) { return .completed }
    if has(IN_CREATE) { return .created }
    if has(IN_DELETE) || has(IN_MOVED_FROM) { return .removed }
    return nil
  }
}
