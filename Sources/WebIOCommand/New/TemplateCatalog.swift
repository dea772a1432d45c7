import CWebIOTemplates
import Glibc

/// The projects in the binary.
enum TemplateCatalog {
  struct Entry: Sendable {
    let path: String
    let bytes: [UInt8]

    /// A script is written so that it can be run.
    var mode: mode_t { bytes.starts(with: "#!".utf8) ? 0o755 : 0o644 }
  }

  static let names: [String] = {
    var names: [String] = []
    for index in 0..<webio_template_file_count() {
      guard let file = webio_template_file_at(index)?.pointee else { continue }
      let name = String(cString: file.template_name)
      if !names.contains(name) { names.append(name) }
    }
    return names
  }()

  /// Whether it is a Swift package that `webio dev` runs.
  static func isApp(_ template: String) -> Bool { files(of: template).contains { $0.path == "Package.swift" } }

  /// A server that is another package's: SwiftPM would take a project of the same name for it.
  static func isAdapter(_ template: String) -> Bool { ["flyingfox", "hummingbird"].contains(template) }

  /// What to type next. An app in another server has no gateway of `webio dev` before it.
  static func nextStep(_ template: String) -> String {
    guard isApp(template) else { return "less README.md" }
    return isAdapter(template) || template == "httpserver" ? "swift run" : "webio dev"
  }

  static func files(of template: String) -> [Entry] {
    (0..<webio_template_file_count()).compactMap { index in
      guard let file = webio_template_file_at(index)?.pointee, String(cString: file.template_name) == template
      else { return nil }
      return Entry(
        path: String(cString: file.path), bytes: Array(UnsafeRawBufferPointer(start: file.bytes, count: file.size)))
    }
  }

  /// One line each, for `webio new --list`.
  static func summary(of template: String) -> String {
    switch template {
    case "hello": "a question and its answer: the smallest app"
    case "bmi": "two numbers in one form, and what they mean"
    case "form": "a sign-up form with types and checks"
    case "chat": "many visitors who see each other's messages"
    case "gallery": "every output and input, with its code beside it"
    case "cluster": "an app in three instances behind HAProxy or nginx, replaced without a failed request"
    case "httpserver": "apps beside other routes, in the server of WebIOHTTP"
    case "flyingfox": "apps beside other routes, in a FlyingFox server"
    case "hummingbird": "apps beside other routes, in a Hummingbird server"
    case "relay": "no app: a server that hands out names to webio share"
    default: ""
    }
  }
}
