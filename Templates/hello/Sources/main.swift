import WebIO

func hello() async throws {
  putMarkdown("# Hello!\nThis page is a Swift function that asks and tells.")
  let name = try await input("What is your name?", placeholder: "Ada", required: true)
  putText("Hello, \(name)!")
}

try await startServer(hello)
