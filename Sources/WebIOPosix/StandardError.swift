import Glibc

/// Standard error: one write(2) a call, so that lines of several threads do not mix.
package enum StandardError {
  package static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(2, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno != EINTR { return }
        done += max(count, 0)
      }
    }
  }
}
