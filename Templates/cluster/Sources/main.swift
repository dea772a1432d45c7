import WebIO

/// What a visitor has written is in this session, and so in the memory of one instance.
func notebook() async throws {
  putMarkdown("# Notebook\nWhat you write stays as long as this page, whatever is deployed meanwhile.")
  var count = 0
  while true {
    let line = try await input("A line", required: true)
    count += 1
    putText("\(count): \(line)")
  }
}

try await startServer(notebook)
