import CWebIOLinux
import Glibc

/// Tells when there may be a way where there was none: a cable plugged in, another wireless network, a VPN.
///
/// It says nothing of what went away, which everybody notices by itself. See rtnetlink(7).
@EventLoop
package final class NetworkWatch: EventSource {
  /// One change makes many notes, and a new address is of use only with the route that comes after it.
  static let settling = Duration.milliseconds(200)

  private let descriptor: Int32
  private var registration: Registration?
  private var news = NetworkNews()
  private var timer: TimerToken?
  private let onChange: @EventLoop () -> Void

  package init(onChange: @escaping @EventLoop () -> Void) throws {
    self.onChange = onChange
    descriptor = webio_open_route_socket()
    guard descriptor >= 0 else { throw SystemError("netlink socket") }
    do {
      registration = try Reactor.shared.add(descriptor, [.readable], self)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  package func close() {
    guard let registration else { return }
    self.registration = nil
    timer?.cancel()
    Reactor.shared.remove(registration)
    Glibc.close(descriptor)
  }

  package func descriptorIsReady(_ readiness: Readiness) {
    let buffer = Reactor.shared.readBuffer
    var isNews = false
    // Bounded: a machine that moves thousands of routes must not hold the loop.
    for _ in 0..<16 where registration != nil {
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 {
        if news.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { isNews = true }
      } else if count < 0, errno == ENOBUFS {
        // Notes are lost: what was in them is anybody's guess.
        isNews = true
      } else {
        break
      }
    }
    guard isNews, timer == nil else { return }
    timer = Reactor.shared.schedule(after: Self.settling) { [weak self] in
      guard let self, registration != nil else { return }
      timer = nil
      onChange()
    }
  }
}

/// Reads the kernel's notes of the network. The numbers are those of linux/rtnetlink.h.
struct NetworkNews {
  private var runningLinks: Set<Int32> = []
  private var addresses: Set<[UInt8]> = []

  /// Whether one of the messages tells of something new: a link that carries, an address or a route that was not there.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var isNews = false
    var position = 0
    while position + 16 <= bytes.count {
      let length = Int(bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      guard length >= 16, position + length <= bytes.count else { break }
      let type = bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt16.self)
      let body = UnsafeRawBufferPointer(rebasing: bytes[(position + 16)..<(position + length)])
      if message(type, body) { isNews = true }
      position += (length + 3) & ~3
    }
    return isNews
  }

  private mutating func message(_ type: UInt16, _ body: UnsafeRawBufferPointer) -> Bool {
    switch type {
    case 16, 17: link(body, isGone: type == 17)
    case 20, 21: address(body, isGone: type == 21)
    case 24: isRoute(body)
    default: false
    }
  }

  /// RTM_NEWLINK comes for every change of a link; only a carrier that was not there is news.
  private mutating func link(_ body: UnsafeRawBufferPointer, isGone: Bool) -> Bool {
    guard body.count >= 16 else { return false }
    let index = body.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    let flags = body.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    let isRunning = !isGone && flags & 0x1 != 0 && flags & 0x40 != 0
    if !isRunning {
      runningLinks.remove(index)
      return false
    }
    return runningLinks.insert(index).inserted
  }

  /// A router's advertisement brings RTM_NEWADDR again and again for the same address.
  private mutating func address(_ body: UnsafeRawBufferPointer, isGone: Bool) -> Bool {
    guard body.count >= 12 else { return false }
    // Family and link, then the first attribute, which is the address; lifetimes come behind it.
    let end = min(body.count, 8 + Int(body.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
    let key = [body[0]] + body[4..<8] + body[8..<max(8, end)]
    if isGone {
      addresses.remove(key)
      return false
    }
    return addresses.insert(key).inserted
  }

  /// A unicast route of an ordinary table that is no cached copy.
  private func isRoute(_ body: UnsafeRawBufferPointer) -> Bool {
    guard body.count >= 12 else { return false }
    let isLocalTable = body[4] == 255
    let isUnicast = body[7] == 1
    let flags = body.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    return !isLocalTable && isUnicast && flags & 0x200 == 0
  }
}
