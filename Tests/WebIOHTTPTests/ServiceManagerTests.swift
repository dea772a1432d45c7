import Glibc
import Testing
import WebIOPosix

@testable import WebIOHTTP

/// One test, since the environment is one.
@Suite struct ServiceManagerTests {
  @Test func environment() throws {
    #expect(!ServiceManager.notify("READY=1"))
    #expect(ServiceManager.takeListeners().isEmpty)

    let directory = try Files.makeTemporaryDirectory("webio-notify")
    defer { try? Files.remove(directory) }
    let path = Path.join(directory, "notify")
    let address = try SocketAddress(unixPath: path)
    let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(receiver) }
    #expect(address.withSockaddr { bind(receiver, $0, $1) } == 0)
    setenv("NOTIFY_SOCKET", path, 1)
    #expect(ServiceManager.notify("READY=1"))
    unsetenv("NOTIFY_SOCKET")
    var buffer = [UInt8](repeating: 0, count: 100)
    let count = recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    #expect(count == 7 && buffer.starts(with: "READY=1".utf8))

    for (pid, count, expected) in [
      ("\(getpid())", "2", [3, 4]), ("1", "2", []), ("\(getpid())", "x", []), ("\(getpid())", "-1", []),
    ] as [(String, String, [Int32])] {
      setenv("LISTEN_PID", pid, 1)
      setenv("LISTEN_FDS", count, 1)
      #expect(ServiceManager.takeListeners() == expected)
      #expect(Environment["LISTEN_FDS"] == nil)
    }

    setenv("WATCHDOG_USEC", "2000000", 1)
    #expect(ServiceManager.watchdogInterval == .seconds(2))
    setenv("WATCHDOG_PID", "1", 1)
    #expect(ServiceManager.watchdogInterval == nil)
    unsetenv("WATCHDOG_USEC")
    unsetenv("WATCHDOG_PID")
  }
}
