import Glibc
import WebIO

/// The page's title; two columns need more room than text does.
func heading(_ title: String) {
  setEnv(title: title, outputMaxWidth: "72rem")
  putMarkdown("# \(title)")
}

/// Runs `body` with its output on the left, and shows its source on the right; on a phone, below.
func example(
  _ title: String, file: String = #filePath, line: Int = #line, _ body: () async throws -> Void
) async throws {
  putMarkdown("## \(title)")
  let scope = "example-\(line)"
  put(
    .grid(
      [[.scope(scope), .code(source(file, after: line), language: "swift")]],
      columns: "repeat(auto-fit, minmax(min(100%, 21rem), 1fr))"
    ).style("gap: 1.5rem; align-items: start"))
  try await useScope(scope, body)
}

/// The lines of the closure that begins on a line, without its braces and indentation.
func source(_ path: String, after line: Int) -> String {
  let lines = read(path).split(separator: "\n", omittingEmptySubsequences: false).dropFirst(line)
  let indent = lines.first?.prefix { $0 == " " }.count ?? 0
  let body = lines.prefix { $0.isEmpty || $0.prefix { $0 == " " }.count >= indent }
  return body.map { String($0.dropFirst(indent)) }.joined(separator: "\n")
}

func read(_ path: String) -> String {
  guard let file = fopen(path, "r") else { return "" }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 4096)
  while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
  return String(decoding: bytes, as: UTF8.self)
}
