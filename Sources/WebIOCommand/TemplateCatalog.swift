import CWebIOTemplates

/// The projects in the binary.
enum TemplateCatalog {
  struct Entry: Sendable {
    let path: String
    let bytes: [UInt8]
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
    default: ""
    }
  }
}
