import WebIO

func bmi() async throws {
  putMarkdown("# Body mass index")
  let (height, weight) = try await inputGroup(
    "Your measures",
    .input("Height (cm)", type: .float, validate: { $0 > 50 && $0 < 280 ? nil : "Between 50 and 280, please" }),
    .input("Weight (kg)", type: .float, validate: { $0 > 0 ? nil : "It must be positive" }))

  let index = (weight / (height * height) * 100_000).rounded() / 10
  putText("Your index is \(index): \(verdict(index)).")
  putTable([["From", "Verdict"], ["", "underweight"], ["18.5", "normal"], ["25", "overweight"], ["30", "obese"]])
  putButton("Once more") { try await bmi() }
}

func verdict(_ index: Double) -> String {
  switch index {
  case ..<18.5: "underweight"
  case ..<25: "normal"
  case ..<30: "overweight"
  default: "obese"
  }
}

try await startServer(bmi)
