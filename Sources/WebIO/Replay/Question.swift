import WebIOHTTP

/// What makes two questions the same although the code around them changed: kind, names, types and options. Labels,
/// placeholders, help and order of output are what people edit, so they do not count.
struct Question: Sendable, Equatable {
  struct Field: Sendable, Equatable {
    var name: String
    var type: String
    var multiple: Bool
    /// The values, sorted; empty where there is nothing to choose from.
    var options: [String]
  }

  var fields: [Field]
  /// Only tells apart what is otherwise equal.
  var label: String

  /// Of a form's spec.
  init(_ spec: Spec) {
    label = spec["label"]?.text ?? ""
    guard case .array(let items)? = spec["inputs"] else {
      fields = []
      return
    }
    fields = items.compactMap { item in
      guard case .spec(let item) = item else { return nil }
      return Field(
        name: item["name"]?.text ?? "", type: item["type"]?.text ?? "", multiple: item["multiple"]?.isTrue ?? false,
        options: (item["options"] ?? item["buttons"])?.optionValues.sorted() ?? [])
    }
    // Within a group the fields' labels are all that tells them apart.
    if label.isEmpty, case .spec(let first)? = items.first { label = first["label"]?.text ?? "" }
  }

  /// The same but for options, of which some are the same: an option was added or removed.
  func resembles(_ other: Question) -> Bool {
    guard fields.count == other.fields.count else { return false }
    return zip(fields, other.fields).allSatisfy { left, right in
      left.name == right.name && left.type == right.type && left.multiple == right.multiple
        && (left.options == right.options || !Set(left.options).isDisjoint(with: right.options))
    }
  }
}

extension Question {
  init?(_ json: JSONValue?) {
    guard let json, let label = json["label"]?.string, let fields = json["fields"]?.array else { return nil }
    self.label = label
    self.fields = fields.map { field in
      Field(
        name: field["name"]?.string ?? "", type: field["type"]?.string ?? "",
        multiple: field["multiple"]?.bool ?? false, options: field["options"]?.array?.compactMap(\.string) ?? [])
    }
  }

  var json: JSONValue {
    let fields = fields.map { field in
      var object: JSONObject = ["name": .string(field.name), "type": .string(field.type)]
      if field.multiple { object["multiple"] = true }
      if !field.options.isEmpty { object["options"] = .array(field.options.map { .string($0) }) }
      return JSONValue.object(object)
    }
    return ["label": .string(label), "fields": .array(fields)]
  }
}

extension Spec.Value {
  var text: String? {
    if case .json(let json) = self { return json.string }
    return nil
  }

  var isTrue: Bool {
    if case .json(.bool(true)) = self { return true }
    return false
  }

  /// Each `value` of a list of options or buttons, as JSON.
  var optionValues: [String] {
    switch self {
    case .array(let values): values.flatMap(\.optionValues)
    case .spec(let spec): spec["value"].map(\.optionValues) ?? spec["options"]?.optionValues ?? []
    case .json(.array(let values)): values.flatMap { Spec.Value.json($0).optionValues }
    case .json(.object(let object)):
      [String(decoding: (object["value"] ?? .object(object)).serialized, as: UTF8.self)]
    case .json(let json): [String(decoding: json.serialized, as: UTF8.self)]
    case .content, .callback: []
    }
  }

  /// As text, without what is different in each run.
  var fingerprint: String {
    switch self {
    case .json(let json): String(decoding: json.serialized, as: UTF8.self)
    case .spec(let spec): spec.fingerprint
    case .array(let values): "[" + values.map(\.fingerprint).joined(separator: ",") + "]"
    case .content(let content): content.spec().fingerprint
    case .callback: "callback"
    }
  }
}

extension Spec {
  var fingerprint: String {
    "{" + fields.map { "\($0.name):\($0.value.fingerprint)" }.joined(separator: ",") + "}"
  }
}
