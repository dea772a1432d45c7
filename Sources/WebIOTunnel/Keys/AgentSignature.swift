import CLibSSH2
import Glibc

/// A signature that libssh2 asks for inside a call and an agent gives later.
///
/// libssh2 takes EAGAIN from its sign callback, and asks again with the same data when it is called again. Only C's
/// callback on the loop's thread and its owner touch this.
final class AgentSignature {
  /// What is to be signed, once libssh2 has asked.
  private(set) var data: [UInt8]?
  var isRequested = false
  /// The agent's answer: nil within is a refusal.
  var answer: [UInt8]??

  /// One step of libssh2_userauth_publickey with this signature.
  func authenticate(_ session: OpaquePointer, user: String, key: HostKey) -> Int32 {
    var context: UnsafeMutableRawPointer? = Unmanaged.passUnretained(self).toOpaque()
    return libssh2_userauth_publickey(session, user, key.blob, key.blob.count, Self.callback, &context)
  }

  private static let callback:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, UnsafeMutablePointer<Int>?,
      UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32 = { _, signature, length, data, count, context in
      guard let context = context?.pointee, let data else { return -1 }
      let request = Unmanaged<AgentSignature>.fromOpaque(context).takeUnretainedValue()
      switch request.answer {
      case nil:
        request.data = Array(UnsafeBufferPointer(start: data, count: count))
        return LIBSSH2_ERROR_EAGAIN
      case .some(nil): return -1
      case .some(.some(let bytes)):
        // libssh2 frees it with free(3).
        guard let copy = malloc(max(bytes.count, 1)) else { return -1 }
        bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        signature?.pointee = copy.assumingMemoryBound(to: UInt8.self)
        length?.pointee = bytes.count
        return 0
      }
    }
}
