import WebIOHTTP

/// What a page reports: `{"event","task_id","data"}`, and with our page a number to acknowledge.
struct Event: Sendable {
  enum Kind: Sendable, Equatable {
    case submit, cancel
    case input(name: String, event: String)
    case callback, yield, acknowledge
    case uploadStart, uploadCancel
  }

  let kind: Kind
  let taskID: String
  let data: JSONValue
  let number: Int?
  /// The number of the command that showed the form which it is about.
  let form: Int?
  /// By the name of their input.
  let files: [String: [FileUpload]]
  /// Files that were sent before the event, by their ids.
  var uploads: [String: FileUpload] = [:]

  /// Whether it says that a field has a new value.
  var isChange: Bool {
    if case .input(_, "change") = kind { return true }
    return false
  }

  /// An event that no page sent.
  init(_ kind: Kind, task: String, data: JSONValue, files: [String: [FileUpload]] = [:]) {
    self.files = files
    self.kind = kind
    taskID = task
    self.data = data
    number = nil
    form = nil
  }

  /// Nil for what no page of ours or PyWebIO's sends.
  init?(_ json: JSONValue, files: [String: [FileUpload]] = [:]) {
    self.files = files
    guard let name = json["event"]?.string else { return nil }
    taskID = json["task_id"]?.string ?? ""
    number = json["n"]?.int
    form = json["form"]?.int
    var data = json["data"] ?? .null
    switch name {
    case "from_submit": kind = .submit
    case "from_cancel": kind = .cancel
    case "callback": kind = .callback
    case "js_yield": kind = .yield
    case "ack": kind = .acknowledge
    case "upload_start": kind = .uploadStart
    case "upload_cancel": kind = .uploadCancel
    case "input_event":
      guard let field = data["name"]?.string, let event = data["event_name"]?.string else { return nil }
      kind = .input(name: field, event: event)
      data = data["value"] ?? .null
    default: return nil
    }
    self.data = data
  }
}
