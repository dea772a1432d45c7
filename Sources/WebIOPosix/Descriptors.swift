import CWebIOLinux
import Glibc

/// A pipe whose ends are closed on exec. See pipe2(2).
package func makePipe() throws -> (reading: Int32, writing: Int32) {
  var ends: [Int32] = [-1, -1]
  guard webio_pipe(&ends) == 0 else { throw SystemError("pipe") }
  return (ends[0], ends[1])
}

/// The next connection of a listening socket, non-blocking and closed on exec; -1 with errno when there is none. See
/// accept4(2).
package func acceptConnection(_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress) {
  var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  let descriptor = webio_accept(listener, &storage, &length)
  return (descriptor, SocketAddress(storage: storage, length: length))
}

/// A copy of another process's descriptor, closed on exec; -1 with errno. See pidfd_getfd(2): it takes what ptrace(2) takes,
/// which for a child is usually granted.
package func borrowDescriptor(_ descriptor: Int32, of process: pid_t) -> Int32 {
  webio_borrow_descriptor(process, descriptor)
}

/// How many packets of a TCP connection have come before one that had been sent earlier: a sign of losses. See tcp(7).
package func packetsOutOfOrder(_ descriptor: Int32) -> UInt32 { webio_tcp_out_of_order(descriptor) }
