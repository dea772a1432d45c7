import Synchronization
import WebIOHTTP

/// A form that is on the page: how it is changed from the app's side while its task waits for the answer.
final class OpenForm: Sendable {
  /// The form whose `onChange` or action is running.
  @TaskLocal static var current: OpenForm?

  let context: TaskContext
  let form: Form
  /// For the journal, where there is one.
  private let question: Question?
  private let state = Mutex(State())

  private struct State {
    var memory = FormMemory()
    /// A refreshed page need not see an answered form come and go.
    var numbers: [Int] = []
    /// Ids under which the session knows the form's actions.
    var callbacks: [String] = []
    var isClosed = false
  }

  /// Shows the form.
  init(_ form: Form, _ context: TaskContext) {
    self.form = form
    self.context = context
    question = context.session.journal.map { _ in Question(form.spec()) }
    context.session.forms.add(self)
    // What came before the form is not meant for it.
    context.mailbox.discardAll()
    let spec = form.spec(uploadLimit: context.session.uploadLimit) { action(of: $0) }
    note(context.send("input_group", spec))
    if let question { context.session.journal?.asks(context, question) }
  }

  /// Whether an event is about this form: a second click on the button of the one before may still be on its way.
  func isMeant(by event: Event) -> Bool {
    event.form == nil || event.form == state.withLock { $0.numbers.first }
  }

  var memory: FormMemory { state.withLock { $0.memory } }

  /// The form has its answer, or was given up with nil.
  func end(_ event: Event?) {
    guard let journal = context.session.journal, let question else { return close() }
    // A page that comes when all is over need not see it come and go.
    close(isUnseen: journal.isHolding && journal.isFromLog(context))
    if form.isBarrier { journal.gaveUp(context) } else { journal.answered(context, question, RecordedAnswer(event, question)) }
  }

  /// Nobody has answered, and nobody will.
  func abandon() {
    close()
    context.session.journal?.gaveUp(context)
  }

  /// An answer of an earlier run is no good any more: the visitor finds it in the form, to be mended.
  func refuse(_ data: JSONValue) {
    guard let journal = context.session.journal, let question, journal.isFromLog(context) else { return }
    for field in question.fields where field.type != "password" && field.type != "file" {
      guard let value = data[field.name], value != .null else { continue }
      var attributes = Spec()
      attributes["value"] = .json(value)
      update(field.name, attributes)
    }
    journal.refused(context, question)
  }

  private func close(isUnseen: Bool = false) {
    let (numbers, callbacks) = state.withLock { state in
      state.isClosed = true
      return (state.numbers, state.callbacks)
    }
    context.session.forms.remove(self)
    for id in callbacks { context.session.unregister(callback: id) }
    if form.takesFiles { context.session.dropUploads(of: context.id) }
    if isUnseen { return numbers.forEach(context.session.spend) }
    context.send("destroy_form", nil, .passing(retiring: numbers))
  }

  /// Nothing happens when it is closed.
  func update(_ name: String, _ attributes: Spec) {
    if state.withLock({ $0.isClosed }) { return }
    var spec = Spec()
    spec.set("target_name", name)
    spec["attributes"] = .spec(attributes)
    note(context.send("update_input", spec))
  }

  func mark(_ name: String, _ text: String?) {
    var attributes = Spec()
    if let text {
      attributes.set("valid_status", false)
      attributes.set("invalid_feedback", text)
    } else {
      attributes.set("valid_status", 0)
    }
    update(name, attributes)
  }

  func replaceOptions(of name: String, _ list: any Sendable) { state.withLock { $0.memory.options[name] = list } }

  private func set(_ field: Field, _ value: any Sendable, _ label: String?) {
    let name = field.name ?? ""
    var attributes = Spec()
    if let label {
      attributes.set("value", label)
      attributes.set("readonly", true)
    } else {
      attributes["value"] = field.encode.map { .json($0(value)) }
    }
    state.withLock { $0.memory.kept[name] = label.map { (label: $0, value: value) } }
    update(name, attributes)
  }

  private func note(_ number: Int) { state.withLock { $0.numbers.append(number) } }

  private func action(of field: Field) -> String? {
    guard let action = field.action else { return nil }
    let id = context.session.register { [weak self] _ in
      guard let self else { return }
      try await OpenForm.$current.withValue(self) {
        try await action.run { [weak self] value, label in self?.set(field, value, label) }
      }
    }
    state.withLock { $0.callbacks.append(id) }
    return id
  }
}

/// What has changed in a form since it was shown.
struct FormMemory: Sendable {
  /// Values whose labels stand in fields, by field.
  var kept: [String: (label: String, value: any Sendable)] = [:]
  /// Lists of options that took the place of a field's own.
  var options: [String: any Sendable] = [:]
}

/// The forms of a session that wait for an answer, in the order in which they were shown.
final class OpenForms: Sendable {
  private let forms = Mutex<[OpenForm]>([])

  func add(_ form: OpenForm) { forms.withLock { $0.append(form) } }
  func remove(_ form: OpenForm) { forms.withLock { $0.removeAll { $0 === form } } }

  /// The newest form with a field of that name.
  func newest(with name: String) -> OpenForm? {
    forms.withLock { $0.last { $0.form.field(name) != nil } }
  }

  /// The newest form of a task.
  func newest(of task: String) -> OpenForm? { forms.withLock { $0.last { $0.context.id == task } } }
}
