import WebIO

func chat() async throws {
  putMarkdown("# Chat\nEverybody on this page reads what you write.")
  try putScope("messages")
  let name = try await input("Your name", required: true)

  broadcast("\(name) came in", scope: "messages")
  deferCall { broadcast("\(name) left", app: "index", scope: "messages") }
  while true {
    let message = try await input("Message", placeholder: "Hello!", required: true)
    broadcast(.markdown("**\(escape(name))** \(escape(message))"), scope: "messages")
  }
}

/// What visitors write is text, not Markdown.
func escape(_ text: String) -> String {
  text.reduce(into: "") { result, character in
    if "\\`*_{}[]()#+-.!|<>~&".contains(character) { result.append("\\") }
    result.append(character)
  }
}

try await startServer(chat)
