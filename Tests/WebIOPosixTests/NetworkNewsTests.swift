import Foundation
import Glibc
import Testing

@testable import WebIOPosix

/// What counts as a change of the network among the kernel's notes; rtnetlink(7).
@Suite struct NetworkNewsTests {
  private static func message(_ type: UInt16, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(16 + body.count)
    var bytes = withUnsafeBytes(of: length) { Array($0) } + withUnsafeBytes(of: type) { Array($0) }
    bytes += [UInt8](repeating: 0, count: 10) + body
    return bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }

  private static func link(_ index: UInt8, flags: UInt32) -> [UInt8] {
    [0, 0, 1, 0, index, 0, 0, 0] + withUnsafeBytes(of: flags) { Array($0) } + [0, 0, 0, 0]
  }

  private static func address(_ last: UInt8, lifetime: UInt8) -> [UInt8] {
    [2, 24, 0, 0, 2, 0, 0, 0, 8, 0, 1, 0, 192, 0, 2, last, 20, 0, 6, 0] + [UInt8](repeating: lifetime, count: 16)
  }

  private static func route(table: UInt8 = 254, type: UInt8 = 1, flags: UInt8 = 0) -> [UInt8] {
    [2, 0, 0, 0, table, 3, 0, type, 0, flags, 0, 0]
  }

  private static func isNews(_ news: inout NetworkNews, _ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { news.receive($0) }
  }

  @Test func aCarrierIsNewsOnceAndItsEndIsNone() {
    var news = NetworkNews()
    let up = Self.message(16, Self.link(2, flags: 0x1 | 0x40))
    let down = Self.message(16, Self.link(2, flags: 0x1))
    let seen = [up, up, down, up, Self.message(17, Self.link(2, flags: 0)), up].map { Self.isNews(&news, $0) }
    #expect(seen == [true, false, false, true, false, true])
  }

  @Test func anAddressIsNewsOnceHoweverOftenARouterRepeatsIt() {
    var news = NetworkNews()
    let messages = [
      Self.message(20, Self.address(1, lifetime: 9)), Self.message(20, Self.address(1, lifetime: 8)),
      Self.message(20, Self.address(7, lifetime: 9)), Self.message(21, Self.address(1, lifetime: 8)),
      Self.message(20, Self.address(1, lifetime: 9)),
    ]
    #expect(messages.map { Self.isNews(&news, $0) } == [true, false, true, false, true])
  }

  @Test func aRouteIsNewsWhereTrafficMayTakeIt() {
    var news = NetworkNews()
    #expect(Self.isNews(&news, Self.message(24, Self.route())))
    #expect(!Self.isNews(&news, Self.message(24, Self.route(table: 255))))
    #expect(!Self.isNews(&news, Self.message(24, Self.route(type: 3))))
    #expect(!Self.isNews(&news, Self.message(24, Self.route(flags: 0x02))))
    #expect(!Self.isNews(&news, Self.message(25, Self.route())), "one that went away")
  }

  @Test func brokenMessagesAreNone() {
    var news = NetworkNews()
    for type: UInt16 in [16, 17, 20, 21, 24] {
      let whole = Self.message(type, Self.route())
      for count in 0..<whole.count { _ = Self.isNews(&news, Array(whole.prefix(count))) }
      _ = Self.isNews(&news, Self.message(type, [1, 2, 3]))
      _ = Self.isNews(&news, [3, 0, 0, 0] + [UInt8](repeating: 0, count: 20))
    }
    // What stands behind a good one is still read.
    #expect(Self.isNews(&news, Self.message(3, [0, 0, 0, 0]) + Self.message(24, Self.route())))
  }

  /// How many netlink sockets of this process listen to a group: /proc/net/netlink has their inodes.
  private static func listening() throws -> Int {
    let own = Set(
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
      })
    let rows = try String(contentsOfFile: "/proc/net/netlink", encoding: .utf8).split(separator: "\n").dropFirst()
    return rows.map { $0.split(separator: " ") }.count { $0[3] != "00000000" && own.contains("socket:[\($0[9])]") }
  }

  /// And the socket is closed again.
  @EventLoop @Test func theKernelLetsUsListen() throws {
    #expect(try Self.listening() == 0)
    let watch = try NetworkWatch {}
    #expect(try Self.listening() == 1)
    watch.close()
    #expect(try Self.listening() == 0)
  }

  @Test func anAddressOfThisMachineIsKnown() throws {
    #expect(NetworkAddress.isAssigned(try #require(SocketAddress(numericHost: "127.0.0.1", port: 9))))
    #expect(!NetworkAddress.isAssigned(try #require(SocketAddress(numericHost: "203.0.113.77", port: 9))))
  }
}
