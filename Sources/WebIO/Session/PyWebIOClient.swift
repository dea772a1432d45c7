import WebIOHTTP

/// Our typed specs and added commands, said in what PyWebIO's own page knows: `custom_widget` templates in Bootstrap's
/// classes, and `run_script`. Nothing else differs for such a page; only `output_ctl`'s `update` and `delete` have no word
/// there and are not sent.
enum PyWebIOClient {
  /// The spec itself when that page knows its type.
  static func translated(_ spec: Spec) -> Spec {
    guard case .json(let json)? = spec["type"], let type = json.string else { return spec }
    switch type {
    case "collapse": return widget(spec, collapse, ["title", "open", "contents"])
    case "alert": return widget(spec, alert, ["color", "closable", "contents"])
    case "loading": return widget(spec, loading, ["shape", "color", "contents"])
    case "progressbar": return progressBar(spec)
    case "logbox": return widget(spec, logbox, ["name", "height", "content"])
    case "image": return widget(spec, image, ["src", "title", "width", "height"])
    case "video": return widget(spec, video, ["src", "poster", "width", "height", "autoplay", "loop"])
    case "audio": return widget(spec, audio, ["src", "autoplay", "loop"])
    case "link": return link(spec)
    case "grid": return grid(spec)
    case "chart": return chart(spec)
    case "datatable": return datatable(spec)
    default: return spec
    }
  }

  /// Whether that page does not know its type.
  static func translates(_ spec: Spec) -> Bool {
    guard case .json(.string(let type))? = spec.fields.first(where: { $0.name == "type" })?.value else { return false }
    switch type {
    case "collapse", "alert", "loading", "progressbar", "logbox", "image", "video", "audio", "link", "grid", "chart",
      "datatable":
      return true
    default: return false
    }
  }

  /// Nil when there is no word for it: then the command is not sent.
  static func translated(_ command: String, _ spec: Spec) -> (command: String, spec: Spec)? {
    switch command {
    case "progressbar": return script(setProgress, spec, ["name", "value", "label"])
    case "logbox": return script(appendLog, spec, ["name", "append", "clear"])
    case "datatable": return script(changeTable, spec, ["instance_id", "set", "insert", "before", "remove", "records"])
    case "task_error":
      var toast = Spec()
      toast["content"] = spec["detail"].flatMap { $0.isNull ? nil : $0 } ?? spec["message"]
      toast.set("duration", 5000)
      toast.set("position", "center")
      toast.set("color", "#e53935")
      return ("toast", toast)
    case "output_ctl" where spec["update"] != nil || spec["delete"] != nil: return nil
    default: return (command, spec)
    }
  }

  // MARK: Widgets

  private static let contents = "{{#contents}}{{& pywebio_output_parse}}{{/contents}}"
  private static let collapse = "<details{{#open}} open{{/open}}><summary>{{title}}</summary>\(contents)</details>"
  private static let alert = """
    <div class="alert alert-{{color}}{{#closable}} alert-dismissible{{/closable}}" role="alert">\(contents)\
    {{#closable}}<button type="button" class="close" data-dismiss="alert" aria-label="Close">×</button>{{/closable}}</div>
    """
  private static let loading = """
    <div><div class="spinner-{{shape}} text-{{color}}" role="status"></div>\(contents)</div>
    """
  private static let progress = """
    <div class="progress"><div id="webio-progressbar-{{name}}" class="progress-bar" role="progressbar" \
    data-auto-close="{{auto_close}}" style="width: {{percentage}}%">{{label}}</div></div>
    """
  private static let logbox = """
    <pre id="webio-logbox-{{name}}" style="max-height: {{height}}px; overflow: auto">{{content}}</pre>
    """
  private static let size = """
    style="{{#width}}width: {{width}};{{/width}}{{#height}}height: {{height}};{{/height}}"
    """
  private static let image = #"<img src="{{src}}" alt="{{title}}" \#(size)>"#
  private static let video = """
    <video controls src="{{src}}" {{#poster}}poster="{{poster}}" {{/poster}}{{#autoplay}}autoplay {{/autoplay}}\
    {{#loop}}loop {{/loop}}\(size)></video>
    """
  private static let audio = """
    <audio controls src="{{src}}" {{#autoplay}}autoplay {{/autoplay}}{{#loop}}loop {{/loop}}></audio>
    """
  private static let anchor = #"<a href="{{href}}" target="{{target}}">{{text}}</a>"#
  private static let cells = #"<div style="display: grid; {{css}}">\#(contents)</div>"#

  /// `keys` go into the template's data, the others stay where they are.
  private static func widget(_ spec: Spec, _ template: String, _ keys: Set<String>, _ more: Spec = Spec()) -> Spec {
    var result = Spec(type: "custom_widget")
    var data = more
    for (name, value) in spec.fields where name != "type" {
      if keys.contains(name) { data[name] = value } else { result[name] = value }
    }
    result.set("template", template)
    result["data"] = .spec(data)
    return result
  }

  private static func progressBar(_ spec: Spec) -> Spec {
    var data = Spec()
    let percentage = ((spec["value"]?.json?.double ?? 0) * 1000).rounded() / 10
    data.set("percentage", percentage)
    if spec["label"] == nil { data.set("label", "\(percentage)%") }
    return widget(spec, progress, ["name", "value", "label", "auto_close"], data)
  }

  /// Only addresses that lead somewhere: a scheme such as `javascript` does not come from an app's data into the page.
  private static func link(_ spec: Spec) -> Spec {
    var data = Spec()
    data.set("target", spec["new_window"]?.json?.bool == true ? "_blank" : "_self")
    if let app = spec["app"]?.json?.string {
      data.set("href", (try? validateName(app)) == nil ? "#" : "?app=\(app)")
    } else {
      let url = spec["url"]?.json?.string ?? ""
      let scheme = url.utf8.prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
      let isRelative = scheme.count == url.utf8.count || url.utf8.dropFirst(scheme.count).first != UInt8(ascii: ":")
      let known = ["http", "https", "mailto", "tel", "ftp"].contains { ASCII.equalsIgnoringCase(String(Substring(scheme)), $0) }
      data.set("href", isRelative || known ? url : "#")
    }
    return widget(spec, anchor, ["text", "url", "app", "new_window"], data)
  }

  private static func grid(_ spec: Spec) -> Spec {
    var css = "grid-auto-flow: \(spec["flow"]?.json?.string ?? "row")"
    if let columns = spec["columns"]?.json?.string { css += "; grid-template-columns: \(columns)" }
    if let rows = spec["rows"]?.json?.string { css += "; grid-template-rows: \(rows)" }
    var data = Spec()
    data.set("css", css)
    let flat = spec["cells"]?.array?.flatMap { $0.array ?? [] } ?? spec["contents"]?.array ?? []
    data["contents"] = .array(flat.map(cell))
    return widget(spec.without("cells", "contents"), cells, ["flow", "columns", "rows"], data)
  }

  private static func cell(_ value: Spec.Value) -> Spec.Value {
    if value.isNull { return .content(.html("<div></div>", sanitize: false)) }
    guard case .content(let content) = value, let span = content.span else { return value }
    return .content(content.style("grid-row: span \(span.rows); grid-column: span \(span.columns)"))
  }

  /// The values as a table.
  private static func chart(_ spec: Spec) -> Spec {
    let series = (spec["series"]?.array ?? []).compactMap { $0.spec }
    var rows: [(x: JSONValue, values: [JSONValue])] = []
    for (index, one) in series.enumerated() {
      for point in one["points"]?.array ?? [] {
        guard let pair = point.array, pair.count == 2, let x = pair[0].json, let y = pair[1].json else { continue }
        let row = rows.firstIndex { $0.x == x } ?? rows.endIndex
        if row == rows.endIndex { rows.append((x, Array(repeating: "", count: series.count))) }
        rows[row].values[index] = y
      }
    }
    var result = Spec(type: "table")
    let header = [spec["x_label"]?.json ?? ""] + series.map { $0["name"]?.json ?? "" }
    result["data"] = .json(.array([.array(header)] + rows.map { .array([$0.x] + $0.values) }))
    result["span"] = .spec(Spec())
    for key in ["scope", "position", "style", "click_callback_id"] { result[key] = spec[key] }
    return result
  }

  /// The same type, with what that page expects to find.
  private static func datatable(_ spec: Spec) -> Spec {
    var result = spec
    if let height = spec["height"]?.json?.int { result.set("height", "\(height)px") }
    if spec["column_order"]?.array?.isEmpty ?? true { result["column_order"] = .json(.null) }
    if spec["id_field"] == nil { result["id_field"] = .json(.null) }
    for key in ["field_args", "grid_args"] { result[key] = .spec(Spec()) }
    result["path_args"] = .array([])
    result.set("js_func_key", "")
    result.set("cell_content_bar", true)
    result.set("theme", "balham")
    result.set("enterprise_key", "")
    return result
  }

  // MARK: Scripts

  private static func script(_ code: String, _ spec: Spec, _ names: [String]) -> (String, Spec) {
    var arguments = Spec()
    for name in names { arguments[name] = spec[name] ?? .json(.null) }
    var result = Spec()
    result.set("code", code)
    result["args"] = .spec(arguments)
    return ("run_script", result)
  }

  private static let setProgress = """
    (() => {
      const bar = document.getElementById("webio-progressbar-" + name);
      if (!bar) return;
      bar.style.width = value * 100 + "%";
      bar.textContent = label ?? Math.round(value * 1000) / 10 + "%";
      if (value >= 1 && bar.dataset.autoClose === "true") bar.parentNode.remove();
    })()
    """
  private static let appendLog = """
    (() => {
      const box = document.getElementById("webio-logbox-" + name);
      if (!box) return;
      if (clear) box.textContent = "";
      if (append) box.append(append);
      box.scrollTop = box.scrollHeight;
    })()
    """
  private static let changeTable = """
    (async () => {
      const grid = await window["ag_grid_" + instance_id + "_promise"];
      if (!grid) return;
      const data = (id) => grid.api.getRowNode(id)?.data;
      for (const { row, path, value } of set ?? []) grid.api.getRowNode(row)?.setDataValue(grid.path2field(path), value);
      if (remove) grid.api.applyTransaction({ remove: remove.map(data).filter(Boolean) });
      if (records) grid.api.setRowData(records.map(grid.flatten_row));
      if (insert) {
        const at = before === null ? undefined : grid.api.getRowNode(before)?.rowIndex;
        grid.api.applyTransaction({ add: insert.map(grid.flatten_row), addIndex: at });
      }
    })()
    """
}

extension Spec {
  fileprivate func without(_ names: String...) -> Spec {
    var spec = self
    for name in names { spec[name] = nil }
    return spec
  }
}

extension Spec.Value {
  fileprivate var json: JSONValue? { if case .json(let json) = self { json } else { nil } }
  fileprivate var array: [Spec.Value]? { if case .array(let array) = self { array } else { nil } }
  fileprivate var spec: Spec? { if case .spec(let spec) = self { spec } else { nil } }
  fileprivate var isNull: Bool { json == .null }
}
