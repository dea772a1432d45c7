extension Content {
  /// A link that saves a file. Its bytes are sent when it is clicked.
  public static func file(_ name: String, _ bytes: [UInt8], label: String? = nil) -> Content {
    .button(label ?? name, style: .link) { download(name, bytes) }
  }

  /// A video by its URL, with the browser's controls.
  public static func video(
    url: String, autoplay: Bool = false, loop: Bool = false, width: String? = nil, height: String? = nil,
    poster: String? = nil
  ) -> Content {
    var spec = Spec(type: "video")
    spec.set("src", url)
    spec.set("autoplay", autoplay)
    spec.set("loop", loop)
    spec.set("width", width)
    spec.set("height", height)
    spec.set("poster", poster)
    return Content(spec)
  }

  /// A sound by its URL, with the browser's controls.
  public static func audio(url: String, autoplay: Bool = false, loop: Bool = false) -> Content {
    var spec = Spec(type: "audio")
    spec.set("src", url)
    spec.set("autoplay", autoplay)
    spec.set("loop", loop)
    return Content(spec)
  }

  /// A box for lines that come one after the other. `height` is in pixels.
  public static func logbox(_ name: String, height: Int = 400, keepBottom: Bool = true) -> Content {
    var spec = Spec(type: "logbox")
    spec.set("name", name)
    spec.set("height", height)
    spec.set("keep_bottom", keepBottom)
    return Content(spec)
  }

  /// A chart, drawn as SVG with a legend and values under the pointer.
  public static func chart(
    _ kind: ChartKind, _ series: [ChartSeries], title: String = "", xLabel: String = "", yLabel: String = "",
    height: Int = 320
  ) -> Content {
    var spec = Spec(type: "chart")
    spec.set("kind", kind.rawValue)
    spec["series"] = .array(series.map { .spec($0.spec) })
    spec.set("title", title)
    spec.set("x_label", xLabel)
    spec.set("y_label", yLabel)
    spec.set("height", height)
    return Content(spec)
  }
}

/// What a chart draws.
public enum ChartKind: String, Sendable {
  case line, bar, area, scatter
}

/// A named row of points; x is a number, or a word for a category.
public struct ChartSeries: Sendable {
  let spec: Spec

  /// Points with numbers on both axes.
  public init(_ name: String, _ points: [(x: Double, y: Double)], color: String? = nil) {
    self.init(name, points.map { .array([.json(.double($0.x)), .json(.double($0.y))]) }, color)
  }

  /// Values by category.
  public init(_ name: String, _ values: KeyValuePairs<String, Double>, color: String? = nil) {
    self.init(name, values.map { .array([.json(.string($0.key)), .json(.double($0.value))]) }, color)
  }

  private init(_ name: String, _ points: [Spec.Value], _ color: String?) {
    var spec = Spec()
    spec.set("name", name)
    spec["points"] = .array(points)
    spec.set("color", color)
    self.spec = spec
  }
}

/// Shows a video by its URL.
@discardableResult
public func putVideo(
  url: String, autoplay: Bool = false, loop: Bool = false, width: String? = nil, height: String? = nil,
  poster: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(
    .video(url: url, autoplay: autoplay, loop: loop, width: width, height: height, poster: poster), scope: scope,
    position: position)
}

/// Shows a sound by its URL.
@discardableResult
public func putAudio(
  url: String, autoplay: Bool = false, loop: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.audio(url: url, autoplay: autoplay, loop: loop), scope: scope, position: position)
}

/// Shows a box for lines that ``logboxAppend(_:_:)`` adds. Throws ``WebIOError/invalidName(_:)``.
@discardableResult
public func putLogbox(
  _ name: String, height: Int = 400, keepBottom: Bool = true, scope: String? = nil,
  position: OutputPosition = .bottom
) throws -> Output {
  try validateName(name)
  return put(.logbox(name, height: height, keepBottom: keepBottom), scope: scope, position: position)
}

/// Adds text to a log box, line breaks as they are.
public func logboxAppend(_ name: String, _ text: String) {
  var spec = Spec()
  spec.set("name", name)
  spec.set("append", text)
  perform { $0.send("logbox", spec) }
}

/// Empties a log box.
public func logboxClear(_ name: String) {
  var spec = Spec()
  spec.set("name", name)
  spec.set("clear", true)
  perform { $0.send("logbox", spec) }
}

/// Shows a chart.
///
///     putChart(.line, [ChartSeries("2026", [(1, 3), (2, 5)])], title: "Visitors")
@discardableResult
public func putChart(
  _ kind: ChartKind, _ series: [ChartSeries], title: String = "", xLabel: String = "", yLabel: String = "",
  height: Int = 320, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(
    .chart(kind, series, title: title, xLabel: xLabel, yLabel: yLabel, height: height), scope: scope,
    position: position)
}

/// Shows a link that saves a file. PyWebIO: `put_file`.
@discardableResult
public func putFile(
  _ name: String, _ bytes: [UInt8], label: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.file(name, bytes, label: label), scope: scope, position: position)
}
