import WebIOHTTP
import WebIOPosix

/// A function that asks and tells: what runs for each visitor.
public struct TaskFunction: Sendable {
  enum Body: Sendable {
    case asynchronous(@Sendable () async throws -> Void)
    /// It may block: it gets a thread of its own.
    case blocking(@Sendable () throws -> Void)
  }

  let body: Body

  public init(_ body: @escaping @Sendable () async throws -> Void) { self.body = .asynchronous(body) }
  public init(blocking body: @escaping @Sendable () throws -> Void) { self.body = .blocking(body) }
}

/// One app of a server: a task function with its name in `?app=`, and a title and description for people and crawlers.
public struct Application: Sendable {
  let name: String
  let title: String
  private(set) var description: String
  /// Nil is the server's.
  let config: PageConfig?
  let function: TaskFunction

  /// An app that suspends while it waits.
  ///
  /// Without a `description` the first paragraph of the function's documentation comment is it, in an app that `webio dev`,
  /// `webio run` or `webio serve` built and started, and in an executable of `webio build`.
  ///
  /// Without `config` the one of `startServer` counts.
  public init(
    _ name: String, title: String? = nil, description: String = "", config: PageConfig? = nil,
    _ body: @escaping @Sendable () async throws -> Void
  ) {
    self.init(name, title: title, description: description, config, TaskFunction(body))
  }

  /// An app that blocks while it waits; each visitor gets a thread.
  public init(
    _ name: String, title: String? = nil, description: String = "", config: PageConfig? = nil,
    blocking body: @escaping @Sendable () throws -> Void
  ) {
    self.init(name, title: title, description: description, config, TaskFunction(blocking: body))
  }

  /// With the words of its function's documentation comment where it has none of its own.
  func described(by comments: JSONValue?) -> Application {
    guard description.isEmpty, let comment = comments?[name]?.string else { return self }
    var application = self
    application.description = comment
    return application
  }

  private init(
    _ name: String, title: String?, description: String, _ config: PageConfig?, _ function: TaskFunction
  ) {
    self.config = config
    self.name = name
    self.title = title ?? (name == "index" ? "WebIO" : name)
    self.description = description
    self.function = function
  }
}

/// The apps of a server by name. Without one named `index`, a list of the others stands in for it.
struct ApplicationTable: Sendable {
  private let applications: [Application]

  /// Throws for no app, a name that is not valid, or one that comes twice.
  ///
  /// `descriptions` is what `webio` read in the sources, as the members of a JSON object.
  init(
    _ applications: [Application],
    descriptions: String? = Environment["WEBIO_DESCRIPTIONS"] ?? ExecutableTrailer.own
  ) throws {
    guard !applications.isEmpty else {
      throw WebIOError.invalidArgument("startServer needs at least one app.")
    }
    var names: Set<String> = []
    for application in applications {
      try validateName(application.name)
      try application.config?.validate()
      guard names.insert(application.name).inserted else {
        throw WebIOError.invalidArgument("Two apps have the name \"\(application.name)\". Give each its own.")
      }
    }
    let comments = descriptions.flatMap { try? JSONParser.parse(Array($0.utf8)) }
    self.applications = applications.map { $0.described(by: comments) }
  }

  /// The app of that name; an unknown name, or none, means the index.
  subscript(name: String?) -> Application {
    applications.first { $0.name == name } ?? applications.first { $0.name == "index" } ?? generatedIndex
  }

  private var generatedIndex: Application {
    let applications = applications
    return Application("index", title: "Apps") {
      putMarkdown("# Apps")
      for application in applications {
        let style = "display: block; width: fit-content; margin-top: 1em; font-weight: 600"
        put(.link(application.title, app: application.name).style(style))
        if !application.description.isEmpty { put(.text(application.description).style("margin-top: -0.75em")) }
      }
      // A list does not end while somebody looks at it.
      hold()
    }
  }
}
