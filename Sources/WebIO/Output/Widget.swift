import WebIOHTTP

extension Content {
  /// HTML from a Mustache template and its data: `{{name}}`, sections, inverted sections. The template must be your own;
  /// what `{{name}}` puts in is escaped.
  public static func widget(_ template: String, _ data: JSON) -> Content {
    var spec = Spec(type: "custom_widget")
    spec.set("template", template)
    spec["data"] = .json(data)
    return Content(spec)
  }
}

/// Shows HTML from a Mustache template and its data. PyWebIO: `put_widget`.
///
///     putWidget("<ul>{{#names}}<li>{{.}}</li>{{/names}}</ul>", ["names": ["Ada", "Bob"]])
@discardableResult
public func putWidget(
  _ template: String, _ data: JSON, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.widget(template, data), scope: scope, position: position)
}
