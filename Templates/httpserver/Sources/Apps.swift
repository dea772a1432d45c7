import WebIO

func hello() async throws {
  let name = try await input("What is your name?", placeholder: "Ada", required: true)
  putText("Hello, \(name)!")
}

func bmi() async throws {
  let (height, weight) = try await inputGroup(
    "Your measures",
    .input("Height (cm)", type: .float, required: true),
    .input("Weight (kg)", type: .float, required: true))
  putText("Your body mass index is \(weight / (height * height) * 10_000).")
}

/// Without one named `index`, a list of them is at the prefix itself.
let applications = [
  Application("hello", title: "Hello", hello),
  Application("bmi", title: "Body mass index", bmi),
]
