import WebIO

extension TestSession {
  // MARK: Answers

  /// Answers the form that is open, its fields by their position. What is left out stays as the form has it.
  ///
  ///     try await app.answer("Ada", 36)
  ///
  /// Values are what a browser sends: text, numbers, `"2026-12-31"` for a date, an array for several choices. An option is
  /// named by its label or value. `to` chooses among several open forms by their label.
  ///
  /// Throws ``TestSessionError/invalid(_:)`` when the app refuses the answer, and
  /// ``TestSessionError/nothingAsked(shown:)`` when no form comes.
  public func answer(
    _ values: JSON..., files: [TestFile] = [], to label: String? = nil, settles: Bool = true
  ) async throws {
    let form = try await openForm(label)
    guard values.count <= form.fields.count else {
      throw TestSessionError.tooManyAnswers(label: form.label, fields: form.fields.count)
    }
    let named = zip(form.fields, values).map { ($0.name, $1) }
    try await submit(form, named, files, settles: settles)
  }

  /// Answers the form that is open, its fields by their names or labels.
  ///
  ///     try await app.answer(fields: ["Name": "Ada", "Age": 36])
  public func answer(
    fields: KeyValuePairs<String, JSON>, files: [TestFile] = [], to label: String? = nil, settles: Bool = true
  ) async throws {
    let form = try await openForm(label)
    let named = try fields.map { name, value in
      guard let field = form[name] else {
        throw TestSessionError.notFound("field \"\(name)\"", available: form.fields.map { quoted($0.label, $0.name) })
      }
      return (field.name, value)
    }
    try await submit(form, named, files, settles: settles)
  }

  /// Hands files to the form that is open: each to the next file field, the rest to one that takes several.
  public func upload(_ files: TestFile..., settles: Bool = true) async throws {
    try await submit(try await openForm(nil), [], files, settles: settles)
  }

  /// Gives the form that is open up.
  public func cancel(settles: Bool = true) async throws {
    let form = try await openForm(nil)
    let hasButton = form.fields.contains { $0.type == "actions" }
    guard form.isCancelable || hasButton else { throw TestSessionError.notCancelable(label: form.label) }
    try await send(TestPage.event("from_cancel", form.task, .null), settles, "What follows the cancelled form")
  }

  /// Fills a field in without sending the form: its `onChange` runs.
  public func change(_ field: String, to value: JSON) async throws {
    let form = try await openForm(nil)
    guard let index = form.index(of: field) else {
      throw TestSessionError.notFound(
        "field \"\(field)\"", available: form.fields.map { quoted($0.label, $0.name) })
    }
    let changed = form.fields[index]
    let value = changed.wire(value)
    store.write { $0.fill(form, index, value) }
    guard changed.reportsChanges else { return }
    let data: JSON = ["event_name": "change", "name": .string(changed.name), "value": value]
    try await send(TestPage.event("input_event", form.task, data), true, "What follows the change")
  }

  private func openForm(_ label: String?) async throws -> TestForm {
    let find: @Sendable (TestPage) -> TestForm? = { page in
      page.forms.last { label == nil || $0.label == label }
    }
    if let form = store.read(find) { return form }
    do {
      try await wait("A form") { find($0) != nil }
    } catch TestSessionError.timeout {
      throw TestSessionError.nothingAsked(shown: text)
    }
    guard let form = store.read(find) else { throw TestSessionError.nothingAsked(shown: text) }
    return form
  }

  private func submit(
    _ form: TestForm, _ answers: [(String, JSON)], _ files: [TestFile], settles: Bool
  ) async throws {
    for field in form.fields { store.write { $0.forget(form, field.name) } }
    let data: [(name: String, value: JSON)] = form.fields.map { field in
      let answer = answers.last { $0.0 == field.name }?.1
      return (field.name, field.isFile ? field.noFile : answer.map(field.wire) ?? field.value)
    }
    let event = TestPage.event("from_submit", form.task, .object(JSONObject(data)))
    let named = UploadEncoder.assign(files, to: form.fields)
    if named.isEmpty {
      try await send(event, settles, "What follows the answer")
    } else {
      try await send(UploadEncoder.message(event, named), settles, "What follows the upload")
    }
    let isOpen: @Sendable (TestPage) -> TestForm? = { page in page.forms.first { $0.number == form.number } }
    if !settles { try await wait("The answer's check") { isOpen($0).map { !$0.errors.isEmpty } ?? true } }
    if let errors = store.read(isOpen)?.errors, !errors.isEmpty { throw TestSessionError.invalid(errors) }
  }

  // MARK: Clicks and pins

  /// Clicks a button, a thing with `onClick`, or the button beside a field, by its label; the first one unless `index`
  /// says otherwise.
  public func click(_ label: String, at index: Int = 0, settles: Bool = true) async throws {
    let (found, actions, labels) = store.read { page in
      (
        page.buttons.filter { $0.label == label && !$0.isDisabled },
        page.forms.last?.fields.compactMap(\.action).filter { $0.label == label } ?? [],
        page.buttons.filter { !$0.isDisabled }.map { "\"\($0.label)\"" }
      )
    }
    if found.indices.contains(index) {
      return try await send(
        TestPage.event("callback", found[index].callback, found[index].value), settles, "What follows the click")
    }
    guard let action = actions.first else {
      throw TestSessionError.notFound("button \"\(label)\"", available: labels)
    }
    try await send(TestPage.event("callback", action.callback, .null), settles, "What follows the click")
  }

  /// Clicks the newest toast that has this text.
  public func clickToast(_ text: String, settles: Bool = true) async throws {
    let toasts = store.read { $0.toasts }
    guard let callback = toasts.last(where: { $0.text == text })?.callback else {
      throw TestSessionError.notFound("toast \"\(text)\" that can be clicked", available: toasts.map { "\"\($0.text)\"" })
    }
    try await send(TestPage.event("callback", callback, .null), settles, "What follows the click")
  }

  /// A pin's value, nil when there is no such pin.
  public func pin(_ name: String) -> JSON? { store.read { $0.pins[name]?.value } }

  /// The visitor changes a pin; an option is named by its label or value.
  public func setPin(_ name: String, to value: JSON, settles: Bool = true) async throws {
    let (field, callbacks, waiting, names) = store.write { page in
      let field = page.pins[name]
      let value = field?.wire(value) ?? value
      page.pins[name]?.value = value
      let waiting = page.pinWaits.filter { $0.names.contains(name) }.map(\.task)
      page.pinWaits.removeAll { $0.names.contains(name) }
      return (page.pins[name], page.pinCallbacks[name] ?? [], waiting, page.pins.keys.sorted())
    }
    guard let value = field?.value else { throw TestSessionError.notFound("pin \"\(name)\"", available: names) }
    for task in waiting {
      let data: JSON = ["name": .string(name), "value": value]
      try await send(TestPage.event("js_yield", task, data), settles, "What follows the change")
    }
    for callback in callbacks {
      try await send(TestPage.event("callback", callback, ["value": value]), settles, "What follows the change")
    }
  }

  // MARK: Events

  private func send(_ event: JSON, _ settles: Bool, _ what: String) async throws {
    guard !page.isClosed else { throw TestSessionError.ended(shown: text) }
    let task = await withCheckedContinuation { done in page.send(event) { done.resume(returning: $0) } }
    if settles, let task { try await settled(task, what) }
  }

  private func send(_ message: [UInt8], _ settles: Bool, _ what: String) async throws {
    guard !page.isClosed else { throw TestSessionError.ended(shown: text) }
    let task = await withCheckedContinuation { done in page.send(binary: message) { done.resume(returning: $0) } }
    if settles, let task { try await settled(task, what) }
  }

  private func quoted(_ label: String, _ name: String) -> String { "\"\(label.isEmpty ? name : label)\"" }
}
