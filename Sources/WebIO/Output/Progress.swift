extension Content {
  /// A bar from 0 to 1. `name` is what ``setProgressBar(_:_:label:)`` finds it by.
  public static func progressBar(
    _ name: String, value: Double = 0, label: String? = nil, autoClose: Bool = false
  ) -> Content {
    var spec = Spec(type: "progressbar")
    spec.set("name", name)
    spec.set("value", clamp(value))
    spec.set("label", label)
    spec.set("auto_close", autoClose)
    return Content(spec)
  }
}

/// Shows a progress bar. PyWebIO: `put_progressbar`.
///
/// `value` goes from 0 to 1. With `autoClose` it disappears when it reaches 1. Throws ``WebIOError/invalidName(_:)``.
@discardableResult
public func putProgressBar(
  _ name: String, value: Double = 0, label: String? = nil, autoClose: Bool = false, scope: String? = nil,
  position: OutputPosition = .bottom
) throws -> Output {
  try validateName(name)
  return put(.progressBar(name, value: value, label: label, autoClose: autoClose), scope: scope, position: position)
}

/// Moves a progress bar; values outside 0 to 1 are brought into it. PyWebIO: `set_progressbar`.
public func setProgressBar(_ name: String, _ value: Double, label: String? = nil) {
  var spec = Spec()
  spec.set("name", name)
  spec.set("value", clamp(value))
  spec.set("label", label)
  perform { $0.send("progressbar", spec) }
}

private func clamp(_ value: Double) -> Double { value.isNaN ? 0 : min(max(value, 0), 1) }
