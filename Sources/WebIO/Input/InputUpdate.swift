import WebIOHTTP

/// Changes a field of a form that waits for its answer; nil leaves a part as it is. PyWebIO: `input_update`.
///
///     try inputUpdate("city", options: ["Bergen", "Oslo"])
///
/// In an ``InputItem/onChange(_:)`` or an ``InputItem/action(_:_:)`` it means that form, and without a name in an
/// `onChange` the field that changed. Anywhere else in the session it means the newest form that has a field of the name.
///
/// - Parameters:
///   - value: as the page has it: a string, a number, a list of values.
///   - options: of a `select`, `radio` or `checkbox` of strings; from now on they are the ones that are accepted.
///   - valid: marks the field as right or wrong, with the feedback below it.
///   - attributes: further HTML attributes, as of ``InputItem/attributes(_:)``.
///
/// Throws ``WebIOError/invalidArgument(_:)`` when no form has such a field, or it has other options.
public func inputUpdate(
  _ name: String? = nil, value: JSON? = nil, options: [String]? = nil, label: String? = nil, help: String? = nil,
  placeholder: String? = nil, readonly: Bool? = nil, disabled: Bool? = nil, datalist: [String]? = nil,
  valid: Bool? = nil, validFeedback: String? = nil, invalidFeedback: String? = nil, attributes: [String: String] = [:]
) throws {
  var changes = Spec()
  changes.set("label", label)
  changes.set("help_text", help)
  changes.set("placeholder", placeholder)
  changes.set("readonly", readonly)
  changes.set("disabled", disabled)
  changes["datalist"] = datalist.map { .array($0.map { .json(.string($0)) }) }
  changes.set("valid_status", valid)
  changes.set("valid_feedback", validFeedback)
  changes.set("invalid_feedback", invalidFeedback)
  for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
    guard Attribute.isFree(name) else { throw Attribute.fault(name) }
    changes.set(name, value)
  }
  try inputUpdate(name, changes, options.map { OptionList($0.map { Option($0, $0) }) }, value)
}

/// Changes the options of a `select`, `radio` or `checkbox`, whose labels and values differ. PyWebIO: `input_update`.
public func inputUpdate<Choice: Sendable>(
  _ name: String? = nil, options: [Option<Choice>], label: String? = nil, help: String? = nil
) throws {
  var changes = Spec()
  changes.set("label", label)
  changes.set("help_text", help)
  try inputUpdate(name, changes, OptionList(options), nil)
}

private func inputUpdate<Choice: Sendable>(
  _ name: String?, _ changes: Spec, _ options: OptionList<Choice>?, _ value: JSON?
) throws {
  let context = try TaskContext.required("inputUpdate")
  guard let name = name ?? FieldInChange.name else {
    throw WebIOError.invalidArgument("inputUpdate needs a name: only in an onChange is it known which field is meant.")
  }
  let own = OpenForm.current.flatMap { $0.form.field(name) == nil ? nil : $0 }
  guard let form = own ?? context.session.forms.newest(with: name), let field = form.form.field(name) else {
    throw WebIOError.invalidArgument("No form that waits for its answer has a field \"\(name)\".")
  }
  var changes = changes
  if let options {
    guard let wanted = field.choice else {
      throw WebIOError.invalidArgument("\"\(name)\" has no options.")
    }
    guard wanted == Choice.self else {
      throw WebIOError.invalidArgument("The options of \"\(name)\" are of type \(wanted), not \(Choice.self).")
    }
    form.replaceOptions(of: name, options)
    changes["options"] = options.spec
  }
  // After the options, of which it may be one.
  changes["value"] = value.map { .json($0) }
  form.update(name, changes)
}

/// The field whose `onChange` is running.
enum FieldInChange {
  @TaskLocal static var name: String?
}
