import WebIOPosix

/// An element of a `ConnectionList`, which it tells its place.
@EventLoop
protocol Listed: AnyObject {
  var listIndex: Int { get set }
}

extension HTTPConnection: Listed {}

/// Connections in no order: adding and removing take the same time however many there are.
@EventLoop
struct ConnectionList<Element: Listed> {
  private var elements: [Element] = []

  nonisolated init() {}

  var count: Int { elements.count }

  mutating func add(_ element: Element) {
    element.listIndex = elements.count
    elements.append(element)
  }

  mutating func remove(_ element: Element) {
    let index = element.listIndex
    guard index >= 0, index < elements.count, elements[index] === element else { return }
    elements.swapAt(index, elements.count - 1)
    elements[index].listIndex = index
    elements.removeLast()
    element.listIndex = -1
  }

  /// Over the elements of now: `body` may remove any of them.
  func forEach(_ body: (Element) -> Void) {
    let all = elements
    for element in all where element.listIndex >= 0 { body(element) }
  }
}
