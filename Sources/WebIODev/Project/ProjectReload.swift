import WebIOPosix

/// Reads a project again whose manifest was saved: it may name other sources, another product, other packages.
@EventLoop
final class ProjectReload {
  private let completion: @EventLoop (Result<Project, any Error>) -> Void
  private var number = 0

  init(completion: @escaping @EventLoop (Result<Project, any Error>) -> Void) { self.completion = completion }

  /// Only the newest one counts.
  func start(_ request: Project.Request) {
    number += 1
    let own = number
    Task { [weak self] in
      let result: Result<Project, any Error>
      do { result = .success(try await Project.load(request)) } catch { result = .failure(error) }
      if let self, own == number { completion(result) }
    }
  }
}
