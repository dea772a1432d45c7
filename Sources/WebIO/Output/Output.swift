/// What a `put` function has shown, to be changed later.
///
///     let status = putText("Working …")
///     status.update("Done")
///
/// It works from any task of the session. Where the visitor's page is PyWebIO's own, nothing happens.
public struct Output: Sendable {
  let session: Session?
  /// The commands that showed it; the page knows its elements by their numbers.
  private let first: Int?
  private let others: [Int]

  init(session: Session, numbers: [Int]) {
    self.session = session
    first = numbers.first
    others = Array(numbers.dropFirst())
  }

  init(session: Session, number: Int) {
    self.session = session
    first = number
    others = []
  }

  private init() {
    session = nil
    first = nil
    others = []
  }

  /// Outside a session.
  static var nowhere: Output {
    Log.error(WebIOError.noSession(function: "put").description)
    return Output()
  }

  /// Shows other contents in its place; the handle stays good.
  public func update(_ content: Content) {
    guard let first else { return }
    control("update", first, content)
    for number in others { control("delete", number, nil) }
  }

  /// Takes it from the page.
  public func remove() {
    guard let first else { return }
    for number in [first] + others { control("delete", number, nil) }
  }

  private func control(_ action: String, _ number: Int, _ content: Content?) {
    guard let session else { return }
    let context =
      TaskContext.current.flatMap { $0.session === session ? $0 : nil }
      ?? TaskContext(session: session, id: "output")
    var spec = Spec()
    spec.set(action, "#\(number)")
    if let content { spec["spec"] = .content(content) }
    context.send("output_ctl", spec)
    session.changed(output: number, to: content?.scopes ?? [])
  }
}
