/// Which scopes a page has, and which lies in which: what goes with one that is removed.
///
/// A page's visitor can close a popup or a box, which nobody reports: such a scope counts as there.
struct ScopeTree: Sendable {
  /// Where popups are: beside the root.
  static let popup = " popup"

  /// A scope that an output brings along; without a parent it lies where the output goes.
  struct Entry: Sendable {
    let name: String
    var parent: String?
  }

  private struct Place: Sendable {
    let parent: String
    /// The number of the output that brought it.
    let output: Int?
  }

  private var places: [String: Place] = [:]

  func contains(_ name: String) -> Bool { name == rootScope || name == Self.popup || places[name] != nil }

  /// Scopes that an output brought into `parent`.
  mutating func add(_ scopes: [Entry], to parent: String, output: Int? = nil) {
    for scope in scopes { places[scope.name] = Place(parent: scope.parent ?? parent, output: output) }
  }

  mutating func remove(_ name: String) {
    if places.removeValue(forKey: name) != nil { clear(name) }
  }

  /// Removes what lies in a scope.
  mutating func clear(_ name: String) {
    for child in places.filter({ $0.value.parent == name }).keys { remove(child) }
  }

  /// An output's contents are replaced by others, or it is gone.
  mutating func change(output: Int, to scopes: [Entry]) {
    let old = places.filter { $0.value.output == output }
    let parent = old.values.first { places[$0.parent]?.output != output }?.parent ?? rootScope
    for name in old.keys { remove(name) }
    add(scopes, to: parent, output: output)
  }
}
