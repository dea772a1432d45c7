import WebIOHTTP

extension InputItem where Value == Int {
  /// A number that is chosen on a scale.
  public static func slider(
    _ label: String = "", name: String? = nil, value: Int = 0, min: Int = 0, max: Int = 100, step: Int = 1,
    help: String? = nil, validate: sending ((Int) throws -> String?)? = nil
  ) -> InputItem<Int> {
    let spec = sliderSpec(
      .int(Int64(value)), .int(Int64(min)), .int(Int64(max)), step: .int(Int64(step)), float: false, help)
    var item = InputItem(spec, label: label, name: name, validator: OwnedValidator(validate)) { answer in
      guard let number = answer.data.int, number >= min, number <= max else { return .invalid("From \(min) to \(max)") }
      return .valid(number)
    }
    if min > max || step < 1 { item.field.fault = sliderFault(label) }
    return item
  }
}

extension InputItem where Value == Double {
  /// A number, with a fraction, that is chosen on a scale.
  public static func slider(
    _ label: String = "", name: String? = nil, value: Double = 0, min: Double = 0, max: Double = 1,
    help: String? = nil, validate: sending ((Double) throws -> String?)? = nil
  ) -> InputItem<Double> {
    let spec = sliderSpec(.double(value), .double(min), .double(max), step: "any", float: true, help)
    var item = InputItem(spec, label: label, name: name, validator: OwnedValidator(validate)) { answer in
      guard let number = answer.data.double, number >= min, number <= max else { return .invalid("From \(min) to \(max)") }
      return .valid(number)
    }
    if !(min <= max) { item.field.fault = sliderFault(label) }
    return item
  }
}

private func sliderSpec(
  _ value: JSONValue, _ min: JSONValue, _ max: JSONValue, step: JSONValue, float: Bool, _ help: String?
) -> Spec {
  var spec = Spec()
  spec.set("type", "slider")
  spec["value"] = .json(value)
  spec["min_value"] = .json(min)
  spec["max_value"] = .json(max)
  spec["step"] = .json(step)
  spec.set("float", float)
  spec.set("help_text", help)
  return spec
}

private func sliderFault(_ label: String) -> WebIOError {
  .invalidArgument("The slider \"\(label)\" has no place to go: give it a min that is at most its max, and a positive step.")
}

/// Asks for a whole number on a scale. PyWebIO: `slider`.
///
///     let volume = try await slider("Volume", value: 30, max: 100)
public func slider(
  _ label: String = "", value: Int = 0, min: Int = 0, max: Int = 100, step: Int = 1, help: String? = nil, scope: String? = nil,
  validate: Validator<Int>? = nil
) async throws -> Int {
  try await answer(
    .slider(label, value: value, min: min, max: max, step: step, help: help, validate: validate), scope)
}

/// Asks for a number with a fraction on a scale. PyWebIO: `slider`.
public func slider(
  _ label: String = "", value: Double, min: Double = 0, max: Double = 1, help: String? = nil, scope: String? = nil,
  validate: Validator<Double>? = nil
) async throws -> Double {
  try await answer(.slider(label, value: value, min: min, max: max, help: help, validate: validate), scope)
}

/// Asks for a whole number on a scale and blocks the thread. PyWebIO: `slider`.
public func slider(
  _ label: String = "", value: Int = 0, min: Int = 0, max: Int = 100, step: Int = 1, help: String? = nil, scope: String? = nil,
  validate: Validator<Int>? = nil
) throws -> Int {
  try answerBlocking(
    .slider(label, value: value, min: min, max: max, step: step, help: help, validate: validate), scope)
}
