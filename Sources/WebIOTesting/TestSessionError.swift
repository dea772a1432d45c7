/// Why an app cannot be driven further; the description says what the app shows instead.
public enum TestSessionError: Error, Equatable, CustomStringConvertible {
  /// The app refused an answer: what the visitor reads, by the names of the fields. The form stays open.
  case invalid([String: String])
  /// The app does not ask, and did not within the time limit.
  case nothingAsked(shown: String)
  /// There is no such field, button, pin or scope.
  case notFound(String, available: [String])
  /// More answers by position than the form has fields.
  case tooManyAnswers(label: String, fields: Int)
  /// The form has no cancel button.
  case notCancelable(label: String)
  /// What was waited for did not come within the time limit.
  case timeout(String, shown: String)
  /// The session has ended.
  case ended(shown: String)

  public var description: String {
    switch self {
    case .invalid(let errors):
      "The app refused the answer: "
        + errors.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
    case .nothingAsked(let shown): "The app asks nothing. It shows:\n\(shown)"
    case .notFound(let what, let available):
      "There is no \(what). There \(available.isEmpty ? "are none" : "is \(available.joined(separator: ", "))")."
    case .tooManyAnswers(let label, let fields): "\"\(label)\" has \(fields) fields; there are more answers than that."
    case .notCancelable(let label): "\"\(label)\" has no cancel button."
    case .timeout(let what, let shown):
      "\(what) did not happen in time. An app that works on after an answer is not settled: pass settles: false, then "
        + "wait for what it shows. It shows:\n\(shown)"
    case .ended(let shown): "The session has ended. It shows:\n\(shown)"
    }
  }
}
