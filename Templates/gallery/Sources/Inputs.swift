import WebIO

func inputs() async throws {
  heading("Questions")
  try await example("One line") {
    putText(try await input("Your name?", placeholder: "Ada", help: "At least two letters", validate: long))
  }
  try await example("Choices") {
    putText(try await select("Size", ["S", "M", "L"]))
    putText(try await radio("Colour", ["red", "blue"], inline: true) ?? "none")
    putText(try await checkbox("Extras", ["milk", "sugar"]).joined(separator: ", "))
  }
  try await example("Types") {
    let (whole, fraction, day, time, colour) = try await inputGroup(
      "Types", .input("Whole number", type: .number), .input("Fraction", type: .float),
      .input("Day", type: .date), .input("Time", type: .time), .input("Colour", type: .color))
    putText(whole, fraction, day, time, colour)
  }
  try await example("More") {
    let (text, level, password) = try await inputGroup(
      "More", .textarea("Several lines", rows: 3), .slider("Level", value: 30),
      .input("Password", type: .password))
    putText(text.count, level, password.isEmpty)
  }
  try await example("Still more") {
    let fruits = ["plum", "pear", "fig"].map { Option($0, $0) }
    let (site, moment, basket) = try await inputGroup(
      "Still more", .input("Web address", type: .url), .input("Day and time", type: .dateTime),
      .selectMultiple("Fruits", options: fruits))
    putText(site, moment, basket.joined(separator: ", "))
  }
  try await example("Code") {
    let program = try await textarea("Your program", value: "print(\"Hello\")", rows: 4, code: "swift")
    putCode(program, language: "swift")
  }
  try await example("Long lists are searched") {
    let years = (1950...2026).map { Option("\($0)", $0) }
    putText(try await select("Year of birth", options: years))
  }
  try await example("Options in groups") {
    let drinks = [
      Option("Tea", "tea", group: "Hot"), Option("Coffee", "coffee", group: "Hot"), Option("Water", "water", group: "Cold"),
    ]
    putText(try await select("Drink", options: drinks))
  }
  try await example("In the middle of the page") {
    try useScope("here") { putText("Before the question") }
    putText("Behind it")
    putText(try await input("Here?", scope: "here"))
  }
  try await example("A field that helps") {
    let name = InputItem<String>.input("Name").action("Ada") { set in set("Ada") }
    putText(try await ask(name))
  }
  try await example("A file") {
    if let file = try await fileUpload("Any file", maxSize: 1 << 20) { putText(file.filename, file.size) }
  }
  try await example("By buttons") {
    putText(try await actions("Well?", ["Good", "Bad"]))
  }
}

@Sendable func long(_ name: String) -> String? { name.count < 2 ? "At least two letters" : nil }
