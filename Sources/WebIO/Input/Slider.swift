import WebIOHTTP

extension InputItem where Value == Int {
  /// A number that is chosen on a scale.
  public static func slider(
    _ label: String = "", name: String? = nil, value: Int = 0, min: Int = 0, max: Int = 100, step: Int = 1,
    help: String? = nil, validate: sending ((Int) throws -> String?)? = nil
  ) -> InputItem<Int> {
    let validator = OwnedValidator(validate)
    var spec = Spec()
    spec.set("type", "slider")
    spec.set("value", value)
    spec.set("min_value", min)
    spec.set("max_value", max)
    spec.set("step", step)
    spec.set("float", false)
    spec.set("help_text", help)
    if validator != nil { spec.set("onblur", true) }
    return InputItem(spec, label: label, name: name) { data in
      guard let number = data.int, number >= min, number <= max else { return .invalid("From \(min) to \(max)") }
      return try validator?.check(number).map { .invalid($0) } ?? .valid(number)
    }
  }
}

extension InputItem where Value == Double {
  /// A number, with a fraction, that is chosen on a scale.
  public static func slider(
    _ label: String = "", name: String? = nil, value: Double = 0, min: Double = 0, max: Double = 1,
    help: String? = nil, validate: sending ((Double) throws -> String?)? = nil
  ) -> InputItem<Double> {
    let validator = OwnedValidator(validate)
    var spec = Spec()
    spec.set("type", "slider")
    spec.set("value", value)
    spec.set("min_value", min)
    spec.set("max_value", max)
    spec.set("step", "any")
    spec.set("float", true)
    spec.set("help_text", help)
    if validator != nil { spec.set("onblur", true) }
    return InputItem(spec, label: label, name: name) { data in
      guard let number = data.double, number >= min, number <= max else { return .invalid("From \(min) to \(max)") }
      return try validator?.check(number).map { .invalid($0) } ?? .valid(number)
    }
  }
}

/// Asks for a whole number on a scale. PyWebIO: `slider`.
///
///     let volume = try await slider("Volume", value: 30, max: 100)
public func slider(
  _ label: String = "", value: Int = 0, min: Int = 0, max: Int = 100, step: Int = 1, help: String? = nil,
  validate: Validator<Int>? = nil
) async throws -> Int {
  try await answer(
    .slider(label, value: value, min: min, max: max, step: step, help: help, validate: validate))
}

/// Asks for a number with a fraction on a scale. PyWebIO: `slider`.
public func slider(
  _ label: String = "", value: Double, min: Double = 0, max: Double = 1, help: String? = nil,
  validate: Validator<Double>? = nil
) async throws -> Double {
  try await answer(.slider(label, value: value, min: min, max: max, help: help, validate: validate))
}

/// Asks for a whole number on a scale and blocks the thread. PyWebIO: `slider`.
public func slider(
  _ label: String = "", value: Int = 0, min: Int = 0, max: Int = 100, step: Int = 1, help: String? = nil,
  validate: Validator<Int>? = nil
) throws -> Int {
  try answerBlocking(
    .slider(label, value: value, min: min, max: max, step: step, help: help, validate: validate))
}
