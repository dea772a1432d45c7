import WebIO

func pins() async throws {
  heading("Inputs that stay")
  try await example("Read when you like") {
    try putInput("name", label: "Name", value: "Ada")
    putButton("Greet") { putText("Hello, \(try await pin.name?.string ?? "")!") }
  }
  try await example("Hear of changes") {
    try putSelect("size", options: ["S", "M", "L"], label: "Size")
    let shown = putText("Nothing yet")
    pin.onChange("size") { shown.update(.text("Now \($0.string ?? "")")) }
  }
  try await example("The other kinds") {
    try putTextarea("text", label: "Text", rows: 2)
    try putCheckbox("extras", options: ["milk", "sugar"], label: "Extras", inline: true)
    try putRadio("colour", options: ["red", "blue"], label: "Colour", inline: true)
  }
  try await example("Files and buttons") {
    try putFileUpload("paper", label: "Any file", maxSize: 1 << 20)
    try putActions("next", buttons: ["Read", "Leave"])
    pin.onChange("next") { _ in putText(try await pin.files("paper").first?.filename ?? "No file") }
  }
}
