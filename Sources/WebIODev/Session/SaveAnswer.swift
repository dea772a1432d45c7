/// What a save asks for, by the strongest kind among its changes.
struct SaveAnswer: Equatable {
  enum Step: Equatable {
    case nothing
    /// The pages fetch what is `shown`.
    case push
    /// The app is started again, as it is.
    case reread
    /// These resources are copied, and the app is started again if it reads them; where they cannot be, all is built.
    case copy([String])
    /// Nil: everything, for more has changed than what files hold.
    case build([String]?)
    /// The manifest is read again, and then all is built.
    case reload
  }

  let step: Step
  /// Changes that are told, for no build tells of them.
  let shown: [FileChange]

  init(to changes: [(FileChange, ChangeKind)]) {
    let used = changes.filter { $0.1 > .unused }
    let built = used.filter { $0.1 >= .resource }.map(\.0)
    let contents = built.allSatisfy { $0.action == .modified } ? built.map(\.path) : nil
    switch used.map(\.1).max() ?? .unused {
    case .unused: step = .nothing
    case .asset: step = .push
    case .data: step = .reread
    case .resource: step = contents.map(Step.copy) ?? .build(nil)
    case .source: step = .build(contents)
    case .manifest: step = .reload
    }
    shown = used.contains { $0.1 >= .source } ? [] : used.map(\.0)
  }
}
