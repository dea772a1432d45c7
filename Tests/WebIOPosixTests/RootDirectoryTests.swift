import Glibc
import Testing
import WebIOPosix

/// The same answers from openat2(2) and from the way that kernels without it, and sandboxes that forbid it, are left.
@Suite struct RootDirectoryTests {
  private static let kernels: [(name: String, openat2: RootDirectory.Openat2?)] = [
    ("openat2", nil),
    (
      "ENOSYS",
      { _, _, _, _ in
        errno = ENOSYS; return -1
      }
    ),
    (
      "EPERM",
      { _, _, _, _ in
        errno = EPERM; return -1
      }
    ),
  ]

  @Test(arguments: 0..<kernels.count) func onlyRegularFilesBeneath(_ kernel: Int) throws {
    let base = try Files.makeTemporaryDirectory("webio-root")
    defer { try? Files.remove(base) }
    let path = Path.join(base, "root")
    try Files.makeDirectories(Path.join(path, "a/b"))
    try Files.create(Path.join(base, "secret"), Array("secret".utf8))
    try Files.create(Path.join(path, "file"), Array("one".utf8))
    try Files.create(Path.join(path, "a/b/deep"), Array("two".utf8))
    for (target, link) in [("../secret", "out"), ("file", "in"), ("a", "way"), (base, "up"), ("/proc/self", "magic")] {
      #expect(symlink(target, Path.join(path, link)) == 0)
    }
    #expect(mkfifo(Path.join(path, "fifo"), 0o600) == 0)
    let openat2 = Self.kernels[kernel].openat2
    let root = try openat2.map { try RootDirectory(path, openat2: $0) } ?? RootDirectory(path)
    func read(_ name: String) -> String? {
      root.open(Array(name.utf8)).flatMap { $0.read(at: 0, count: 100) }.map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(read("file") == "one")
    #expect(read("a/b/deep") == "two")
    for name in [
      "", ".", "..", "/", "../secret", "a/../../secret", "a/../file", "./file", "out", "in", "way/b/deep", "up/secret",
      "magic/environ", "fifo", "a", "a/b", "a/b/", "none", "a/none", "file/x", "a//b/deep", "/etc/hostname", "file\0",
      "file\0.txt",
    ] where !(kernel == 0 && ["a/../file", "./file", "a//b/deep"].contains(name)) {
      #expect(read(name) == nil, "\(Self.kernels[kernel].name): \(name)")
    }
  }
}
