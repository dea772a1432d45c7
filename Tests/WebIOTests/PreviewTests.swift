import Testing
import WebIOHTTP

@testable import WebIO

/// What a page shows of edited literals before they are compiled.
@Suite struct PreviewTests {
  private func change(_ old: [String], _ new: [String]) -> LiteralChange {
    LiteralChange(["old": .array(old.map { .string($0) }), "new": .array(new.map { .string($0) })])!
  }

  @Test func aTextMadeOfTheLiteralGetsItsNewWords() {
    let hello = change(["Hello, ", "!"], ["Good day, ", "."])
    #expect(hello.applied(to: "Hello, Ada!") == "Good day, Ada.")
    #expect(hello.applied(to: "Hello, !") == "Good day, .")
    #expect(hello.applied(to: "Hello Ada!") == nil)
    #expect(hello.applied(to: "He said: Hello, Ada! Really.") == "He said: Good day, Ada. Really.")
    #expect(change(["a ", " b ", ""], ["x ", " y ", "z"]).applied(to: "a 1 b 2") == "x 1 y 2z")
    #expect(change(["", ""], ["", "!"]).applied(to: "anything") == nil)
  }

  @Test func shortTextsCountOnlyAsAWhole() {
    let short = change(["Up"], ["Down"])
    #expect(short.applied(to: "Up") == "Down")
    #expect(short.applied(to: "Update") == nil)
  }

  private func history(_ commands: [JSONValue]) -> [(number: Int, command: [UInt8])] {
    commands.enumerated().map { ($0 + 1, $1.serialized) }
  }

  @Test func outputsAreDrawnAnewAndBack() {
    let history = history([
      ["command": "output", "spec": ["type": "markdown", "content": "# Hello!"], "task_id": "main-1"],
      ["command": "output", "spec": ["type": "text", "content": "other"], "task_id": "main-1"],
      nil,
      ["command": "output", "spec": ["type": "scope", "dom_id": "x", "contents": ["# Hello!"]], "task_id": "main-1"],
    ])
    let preview = Preview([change(["# Hello!"], ["# Bye!"])], history: history, before: [])
    #expect(preview.changed == [1])
    #expect(preview.commands.count == 1)
    #expect(preview.commands[0]["command"] == "output_ctl" && preview.commands[0]["spec"]?["update"] == "#1")
    #expect(preview.commands[0]["spec"]?["spec"]?["content"] == "# Bye!")
    #expect(preview.commands[0]["spec"]?["spec"]?["style"]?.string?.contains("dashed") == true)

    let back = Preview([], history: history, before: preview.changed)
    #expect(back.changed == [])
    #expect(back.commands.map { $0["spec"]?["spec"] } == [["type": "markdown", "content": "# Hello!"]])
  }

  @Test func labelsChangeWhereTheyStand() {
    let form: JSONValue = [
      "command": "input_group", "task_id": "main-1",
      "spec": ["label": "Your name?", "inputs": [["name": "data", "label": "", "type": "text", "placeholder": "Ada"]]],
    ]
    let changes = [change(["Your name?"], ["Who are you?"])]
    let preview = Preview(changes, history: history([form]), before: [])
    #expect(
      preview.commands == [
        [
          "command": "update_input", "task_id": "main-1",
          "spec": ["target_name": "data", "attributes": ["placeholder": "Ada", "label": "Who are you?"]],
        ]
      ])
    // One that was answered is none any more.
    let gone: JSONValue = ["command": "destroy_form", "spec": nil, "task_id": "main-1"]
    #expect(Preview(changes, history: history([form, gone]), before: []).commands.isEmpty)
  }

  @Test func idsAndAddressesAreNoWords() {
    let spec: JSONValue = [
      "type": "buttons", "scope": "#pywebio-scope-Hello", "buttons": [["label": "Hello", "value": "Hello"]],
    ]
    let preview = spec.preview([change(["Hello"], ["Bye"])])
    #expect(preview?["buttons"]?[0] == ["label": "Bye", "value": "Hello"])
    #expect(preview?["scope"] == "#pywebio-scope-Hello")
  }
}
