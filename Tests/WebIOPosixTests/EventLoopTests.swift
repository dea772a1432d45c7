import Glibc
import Testing
import WebIOPosix

@EventLoop @Suite struct EventLoopTests {
  @Test func timersFireInOrderAndCancelledOnesDoNot() async {
    var fired: [Int] = []
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      Reactor.shared.schedule(after: .milliseconds(20)) {
        fired.append(2)
        done.resume()
      }
      Reactor.shared.schedule(after: .milliseconds(1)) { fired.append(1) }
      Reactor.shared.schedule(after: .milliseconds(5)) { fired.append(9) }.cancel()
    }
    #expect(fired == [1, 2])
  }

  @Test func worksFromOtherThreadsKeepTheirOrder() async {
    let order = await withCheckedContinuation { (done: CheckedContinuation<[Int], Never>) in
      final class Box: Sendable { @EventLoop var order: [Int] = [] }
      let box = Box()
      Thread.start(name: "test") {
        for index in 0..<100 { EventLoop.run { box.order.append(index) } }
        EventLoop.run { done.resume(returning: box.order) }
      }
    }
    #expect(order == Array(0..<100))
  }

  @Test func streamCarriesMoreThanTheKernelBuffers() async throws {
    let size = 5_000_000
    let received = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int, any Error>) in
      do {
        let listener = try Listener(try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))) { stream in
          stream.write([UInt8](repeating: 7, count: size))
          stream.close()
        }
        Connector.connect(to: listener.address) { result in
          listener.close()
          switch result {
          case .failure(let error): done.resume(throwing: error)
          case .success(let stream):
            stream.delegate = Counter { done.resume(returning: $0) }
            stream.setReading(true)
          }
        }
      } catch { done.resume(throwing: error) }
    }
    #expect(received == size)
  }

  @Test func refusedConnectionNamesTheAddress() async throws {
    let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 1))
    let error = await withCheckedContinuation { (done: CheckedContinuation<SystemError?, Never>) in
      Connector.connect(to: address) { result in
        guard case .failure(let error) = result else { return done.resume(returning: nil) }
        done.resume(returning: error)
      }
    }
    #expect(error?.description == "connect to 127.0.0.1:1: Connection refused")
  }
}

@EventLoop private final class Counter: ByteStreamDelegate {
  private var count = 0
  private let ended: (Int) -> Void
  init(_ ended: @escaping (Int) -> Void) { self.ended = ended }
  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) { count += bytes.count }
  func streamDidEnd(_ stream: any ByteStream) { stream.close() }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) { ended(count) }
}
