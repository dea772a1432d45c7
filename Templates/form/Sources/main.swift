import WebIO

/// What a visitor tells us. The types of the fields are the types of the inputs.
struct SignUp {
  var name: String
  var age: Int?
  var plan: String
  var interests: [String]
}

func signUp() async throws {
  putMarkdown("# Sign up")
  let (name, password, again, age, plan, interests) = try await inputGroup(
    "About you",
    .input("Name", name: "name", required: true),
    .input("Password", type: .password, name: "password", required: true, validate: strength),
    .input("Password again", type: .password, name: "again", required: true),
    .input("Age", type: .optional(.number), name: "age", help: "You may leave this out."),
    .select("Plan", options: [Option("Free", "free"), Option("Team", "team")], name: "plan"),
    .checkbox("Interests", options: ["Swift", "The web", "Tea"].map { Option($0, $0) }, name: "interests"),
    validate: { _, password, again, _, _, _ in
      password == again ? nil : InvalidField("again", "The two passwords differ")
    })
  _ = (password, again)
  welcome(SignUp(name: name, age: age, plan: plan, interests: interests))
}

@Sendable func strength(_ password: String) -> String? {
  password.count < 8 ? "At least 8 characters" : nil
}

func welcome(_ person: SignUp) {
  putSuccess("Welcome, \(person.name)!")
  putTable(
    [
      ["Age", person.age.map { "\($0)" } ?? "not told"], ["Plan", person.plan],
      ["Interests", person.interests.isEmpty ? "none" : person.interests.joined(separator: ", ")],
    ], header: ["Field", "Answer"])
}

try await startServer(signUp)
