/// The shapes of published attacks, by the name under which each is known.
extension RequestCase {
  private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

  static let shapes: [RequestCase] = [
    .init(
      "GHSA-753j-mpmx-qq6g: Transfer-Encoding twice is no Transfer-Encoding",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(smuggled)",
      "!400"),
    .init(
      "CVE-2026-73256: Transfer-Encoding in HTTP/1.0",
      "POST / HTTP/1.0\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(smuggled)",
      "!400"),
    .init(
      "GHSA-qppv-j76h-2rpx: Content-Length +N", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +37\r\n\r\n\(smuggled)",
      "!400"),
    .init(
      "CVE-2023-47627: Content-Length 1_0", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3_7\r\n\r\n\(smuggled)",
      "!400"),
    .init(
      "CVE-2021-32715: Content-Length with a plus", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "!400"
    ),
    .init(
      "CVE-2021-32714: chunk size overflow",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nf0000000000000003\r\nabc\r\n0\r\n\r\n", "!400"),
    .init(
      "CVE-2023-38697: chunk size 0x",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n\(smuggled)", "!400"),
    .init(
      "golang/go#64517: chunk size with an underscore",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0_1\r\na\r\n0\r\n\r\n", "!400"),
    .init(
      "CVE-2022-32214: LF only between fields",
      "GET / HTTP/1.1\r\nHost: x\r\nDummy: a\nContent-Length: 23\r\n\r\n\(smuggled)", "!400"),
    .init(
      "CVE-2022-32215: Transfer-Encoding over two lines",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n , identity\r\n\r\n0\r\n\r\n", "!400"),
    .init(
      "CVE-2022-35256: a field ends without CRLF",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\rA: b\r\n\r\nhello", "!400"),
    .init(
      "CVE-2021-22959: a space before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
      "!400"),
    .init(
      "CVE-2021-22960: bytes after the chunk's semicolon",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2 erfrferferf\r\naa\r\n0\r\n\r\n", "!400"),
    .init(
      "CVE-2025-22871: bare LF after the chunk size",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\n0\r\n\r\n", "!400"),
    .init(
      "CVE-2025-58056: LF in a chunk extension",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n\(smuggled)", "!400"),
    .init("CVE-2025-23167: the head ends with CR LF CR X", "GET / HTTP/1.1\r\nHost: x\r\n\rX\(smuggled)", "!400"),
    .init(
      "CVE-2022-24766: two lengths",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 37\r\n\r\n\(smuggled)", "!400"),
    .init(
      "CVE-2019-16785: a length behind LF",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\n\rContent-Length: 37\r\n\r\n\(smuggled)", "!400"),
    .init(
      "CVE-2020-7238: blank before Transfer-Encoding",
      "POST / HTTP/1.1\r\nHost: x\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "!400"),
    .init(
      "CVE-2019-20444: a field without a colon",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding\r\nContent-Length: 5\r\n\r\nhello", "!400"),
    .init(
      "gunicorn#3087: coding with a tab",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \tchunked\u{b}\r\n\r\n0\r\n\r\n", "!400"),
    .init(
      "fasthttp#1899: a second Transfer-Encoding by list",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", "!501"),
    .init(
      "chunked behind a length in capitals",
      "POST / HTTP/1.1\r\nHost: x\r\nCONTENT-LENGTH: 5\r\nTRANSFER-ENCODING: chunked\r\n\r\n0\r\n\r\n", "!400"),
    .init("a NUL before the name", "POST / HTTP/1.1\r\nHost: x\r\n\0Content-Length: 5\r\n\r\nhello", "!400"),
    .init("a request line of two requests", "GET / HTTP/1.1 GET /b HTTP/1.1\r\nHost: x\r\n\r\n", "!400"),
    .init(
      "http-garden: an empty chunk size",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n0\r\n\r\n", "!400"),
    .init(
      "http-garden: a chunk ended by any two bytes",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naZZ0\r\n\r\n", "!400"),
    .init("http-garden: HTTP/1.10", "GET / HTTP/1.10\r\nHost: x\r\n\r\n", "!400"),
    .init(
      "http-garden: an empty name smuggles a length",
      "POST / HTTP/1.1\r\nHost: x\r\n: \r\nContent-Length: 5\r\n\r\nhello", "!400"),
    .init("http-garden: a line of CR", "GET / HTTP/1.1\r\nHost: x\r\n\r\r\n\r\n", "!400"),
  ]
}
