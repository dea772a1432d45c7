import Testing
import WebIOPosix

@Suite struct MigrationTests {
  /// Each Swift form of the table stands in a file that compiles.
  @Test func everySwiftFormOfTheTableIsCompiled() throws {
    let here = Path.directory(of: #filePath)
    let snippets = try Files.readText("\(here)/MigrationSnippets.swift")
    let table = try Files.readText("\(here)/../../Sources/WebIO/WebIO.docc/MigratingFromPyWebIO.md")
    let forms = table.split(separator: "\n").compactMap { line -> Substring? in
      let columns = line.split(separator: " | ")
      guard line.hasPrefix("| `") || line.hasPrefix("| typed"), columns.count >= 2 else { return nil }
      return columns[1].dropFirst().dropLast()
    }
    #expect(forms.count > 70)
    for form in forms { #expect(snippets.contains("{ \(form)"), "\(form)") }
  }
}
