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
  /// Bytes of the message that brought it: about what it holds.
  let size: Int

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
    size = 0
  }

  /// Nil for what no page of ours or PyWebIO's sends.
  init?(_ json: JSONValue, files: [String: [FileUpload]] = [:], size: Int = 0) {
    guard case .object(let members) = json else { return nil }
    var (name, taskID, number, form): (String?, String, Int?, Int?) = (nil, "", nil, nil)
    var data = JSONValue.null
    for (key, value) in members.members {
      switch key {
      case "event": name = value.string
      case "task_id": taskID = value.string ?? ""
      case "data": data = value
      case "n": number = value.int
      case "form": form = value.int
      default: break
      }
    }
    switch name {
    case "callback": kind = .callback
    case "ack": kind = .acknowledge
    case "from_submit": kind = .submit
    case "from_cancel": kind = .cancel
    case "js_yield": kind = .yield
    case "upload_start": kind = .uploadStart
    case "upload_cancel": kind = .uploadCancel
    case "input_event":
      guard let field = data["name"]?.string, let event = data["event_name"]?.string else { return nil }
      kind = .input(name: field, event: event)
      data = data["value"] ?? .null
    default: return nil
    }
    self.taskID = taskID
    self.number = number
    self.form = form
    self.data = data
    self.files = files
    self.size = size
  }
}
