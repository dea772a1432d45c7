import WebIOPosix

/// How a loading sign moves.
public enum LoadingShape: String, Sendable {
  case border, grow
}

extension Content {
  /// A sign that something is going on.
  public static func loading(shape: LoadingShape = .border, color: ButtonColor = .dark) -> Content {
    var spec = Spec(type: "loading")
    spec.set("shape", shape.rawValue)
    spec.set("color", color.rawValue)
    spec.set("contents", [Content]())
    return Content(spec)
  }
}

/// Shows a sign that something is going on. PyWebIO: `put_loading`.
@discardableResult
public func putLoading(
  shape: LoadingShape = .border, color: ButtonColor = .dark, scope: String? = nil,
  position: OutputPosition = .bottom
) -> Output {
  put(.loading(shape: shape, color: color), scope: scope, position: position)
}

/// Shows a sign while `body` runs; it goes away afterwards, with what `body` has put into it. PyWebIO: `with put_loading()`.
@discardableResult
public func putLoading<Result: Sendable>(
  shape: LoadingShape = .border, color: ButtonColor = .dark, scope: String? = nil,
  position: OutputPosition = .bottom, isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> Result
) async throws -> Result {
  let context = try TaskContext.required()
  let name = randomToken(10)
  context.put(Content.loading(shape: shape, color: color).containing(name), scope, position)
  context.enter(name)
  defer {
    context.leave()
    try? remove(name)
  }
  return try await body()
}

/// Shows a sign while a blocking `body` runs; it goes away afterwards, with what `body` has put into it. PyWebIO:
/// `with put_loading()`.
@discardableResult
public func putLoading<Result>(
  shape: LoadingShape = .border, color: ButtonColor = .dark, scope: String? = nil,
  position: OutputPosition = .bottom, _ body: () throws -> Result
) throws -> Result {
  let context = try TaskContext.required()
  let name = randomToken(10)
  context.put(Content.loading(shape: shape, color: color).containing(name), scope, position)
  context.enter(name)
  defer {
    context.leave()
    try? remove(name)
  }
  return try body()
}
