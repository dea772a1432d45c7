import Foundation
import WebIO

/// A page of what belongs together, as an app shows it.
struct Component: Sendable, CustomStringConvertible {
  let name: String
  /// What is in the page when it is complete.
  let last: String
  let body: @Sendable () async throws -> Void
  var description: String { name }

  init(_ name: String, last: String, _ body: @escaping @Sendable () async throws -> Void) {
    self.name = name
    self.last = last
    self.body = body
  }

  var application: Application {
    Application(name, title: name) {
      hold()
      try await body()
    }
  }

  static let all = [
    words, richText, tables, boxes, layout, progress, popupWindow, toasts, textFields, choiceFields, question, choice,
    wrongAnswers, pins, charts, errorCard, media, widget, datatable, code, longLists, empty,
  ]

  static let words = Component("words", last: "img.w-image") {
    putText("Plain text, with two lines:\nthe second one.")
    putText("A line of text that is so long that it does not fit into any window, and so it must be broken somewhere.")
    putText("Verylongwordwithoutanyspaceinitthatdoesnotfitintoanarrowwindowandmustthereforebebrokensomewhereelse")
    putHTML("<p>Cleaned <b>HTML</b> with <code>code</code>, H<sub>2</sub>O and <mark>a mark</mark>.</p>")
    putLink("A link to a page", url: "https://example.com/")
    putText("")
    putLink("A link to an app", app: "words")
    putCode(
      """
      struct Greeting {
        let name: String  // whose
        var text: String { "Hello, \\(name)! This line is long enough to need a scroll bar in a narrow window." }
      }
      """, language: "swift")
    putCode((1...30).map { "line \($0)" }.joined(separator: "\n"), rows: 5)
    putImage(drawing, format: "svg+xml", title: "Three hills", width: "320px", height: "120px")
  }

  static let richText = Component("markdown", last: ".w-md hr") {
    putMarkdown(
      """
      # Heading one
      ## Heading two
      ### Heading three
      A paragraph with *emphasis*, **strength**, ~~a mistake~~, `code`, a [link](https://example.com) and
      https://example.com/autolinks.

      - one
      - two
        - two and a half
      1. first
      2. second

      - [x] done
      - [ ] to do

      > A quotation that is long enough to be broken into lines on a telephone, as all of them are.
      > > And one inside it.

      | Left | Centre | Right |
      |:-----|:------:|------:|
      | a | b | 1 |
      | longer text in a cell | and **bold** | 1,000 |

      ```python
      def greet(name: str) -> str:
          return f"Hello, {name}!"  # a comment
      ```

      ***
      """)
  }

  static let tables = Component("tables", last: "#pywebio-scope-ROOT > :nth-child(3) table") {
    putTable([["Name", "Born", "Field"], ["Ada Lovelace", "1815", "Mathematics"], ["Alan Turing", "1912", "Logic"]])
    putTable(
      [
        ["Ada", .button("Greet", small: true) { toast("Hello") }, .markdown("**bold**")],
        ["Alan", .buttons(["Edit", "Delete"], small: true) { _ in }, .link("page", url: "https://example.com")],
      ], header: ["Name", "Do", "About"])
    putTable(
      [(1...12).map { "Column \($0)" }] + (1...4).map { row in (1...12).map { "value \(row * $0 * 1_000)" } })
  }

  static let boxes = Component("boxes", last: ".w-scrollable") {
    for color in [ButtonColor.primary, .secondary, .success, .danger, .warning, .info, .light, .dark] {
      putButton(color.rawValue, color: color) {}
    }
    putButtons(["One", "Two", "Three"]) { _ in }
    putButtons(["Small one", "Small two"], small: true) { _ in }
    putButton("Disabled", disabled: true) {}
    putFile("report.txt", Array("text".utf8), label: "Download the report")
    putInfo("For your information: the library is closed on Mondays.")
    putSuccess(.markdown("**Saved.** All is well."), closable: true)
    putWarning("The disk is nearly full.")
    putError("The file could not be read.", closable: true)
    putCollapse("Closed", ["Nobody sees this."])
    putCollapse("Open", ["This is in view.", .markdown("- one\n- two")], open: true)
    putScrollable((1...30).map { .text("Line \($0)") }, height: 150, keepBottom: true)
  }

  static let layout = Component("layout", last: ".w-tabs") {
    putRow([.code("left"), nil, .code("right")])
    putRow(["One part", nil, "Two parts, with more text in it"], sizes: "1fr 10px 2fr")
    putColumn([.alert(.info, ["above"]), .alert(.success, ["below"])])
    putGrid([["a", "b", "c"], ["d", nil, "f"]], cellWidth: "1fr")
    putTabs([
      "Text": ["What is on the first page."], "Table": [.table([["a", "b"], ["1", "2"]])],
      "A long title": [.markdown("**three**")],
    ])
    try putScope("named", ["In a scope", .text("clickable").onClick {}])
  }

  static let progress = Component("progress", last: ".w-grow") {
    try putProgressBar("empty", value: 0)
    try putProgressBar("half", value: 0.5, label: "Half of it")
    try putProgressBar("full", value: 1, label: "All of it")
    setProgressBar("empty", 0.125, label: "Begun")
    putLoading()
    putLoading(color: .primary)
    putLoading(shape: .grow, color: .success)
  }

  static let popupWindow = Component("popup", last: "dialog[open] button.w-button") {
    putMarkdown("# Behind it\nText that is still there, behind the window.")
    popup(
      "Delete the file?",
      ["It cannot be brought back.", .markdown("The file is *report.txt*."), .buttons(["Delete", "Keep"]) { _ in }])
  }

  static let toasts = Component("toasts", last: ".w-toast:has(.w-toast-action)") {
    putText("Toasts are above everything.")
    toast("For your information", duration: 0)
    toast("Saved", duration: 0, color: .success)
    toast("Nearly full", duration: 0, position: .right, color: .warn)
    toast("Could not be read, and this is a long sentence about why", duration: 0, position: .right, color: .error)
    toast("Click me", duration: 0, position: .left, color: .css("#7b1fa2"), onClick: {})
  }

  static let textFields = Component("form-text", last: "#input-cards form") {
    putMarkdown("# An order\nPlease fill in all of it.")
    _ = try await inputGroup(
      "Everything that is typed", .input("Text", required: true, help: "As it is in your passport"),
      .input("With suggestions", placeholder: "A town", datalist: ["Berlin", "Beijing"]),
      .input("Number", type: .number, value: 42), .input("Fraction", type: .float, value: 2.5),
      .input("Password", type: .password, value: "secret"), .input("Address", type: .url, placeholder: "https://"),
      .input("Day", type: .date, value: CalendarDate(year: 2026, month: 2, day: 28)),
      .input("Time", type: .time, value: ClockTime(hour: 9, minute: 30)),
      .input("Both", type: .dateTime), .input("Colour", type: .color, value: "#3554d1"),
      .input("Read only", value: "fixed", readonly: true),
      .textarea("Message", value: "Two\nlines", rows: 3, help: "At most a page"), cancelable: true)
  }

  static let choiceFields = Component("form-choice", last: "#input-cards form") {
    let sizes = [Option("Small", 1), Option("Large", 2, selected: true), Option("Sold out", 3, disabled: true)]
    let letters = ["a", "b", "c", "d"].map { Option("Choice \($0)", $0, selected: $0 == "b") }
    let extras = [Option("Milk", 1, selected: true), Option("Sugar", 2), Option("Sold out", 3, disabled: true)]
    let numbers = (1...6).map { Option("Number \($0)", $0) }
    let places = [Option("Here", 1), Option("To take away", 2, selected: true)]
    let buttons: [ActionButton<Int>] = [
      .submit("Save", 1), .submit("Delete", 2, color: .danger), .reset("Reset"), .cancel("Cancel"),
    ]
    let volume = InputItem<Int>.slider("Slider", value: 30)
    let share = InputItem<Double>.slider("Fraction", value: 0.25)
    _ = try await inputGroup(
      "Everything that is chosen", .select("Select", options: sizes), .selectMultiple("Select many", options: letters),
      .checkbox("Checkbox", options: extras), .checkbox("Inline", options: numbers, inline: true),
      .radio("Radio", options: places, help: "We pack it well"), volume, share, .file("File", accept: ["image/*"]),
      .files("Files", help: "Up to 1 MB each"), .actions("What now?", buttons: buttons))
  }

  static let question = Component("question", last: "#input-cards form") {
    putMarkdown("# Hello\nWhat is your name?")
    _ = try await input("Your name?", placeholder: "Ada", required: true)
  }

  static let choice = Component("choice", last: "#input-cards form") {
    putText("Something is to be decided.")
    _ = try await actions("Delete it?", ["Delete", "Keep", "Ask me later"])
  }

  static let wrongAnswers = Component("form-wrong", last: "#input-cards form") {
    let sizes = [Option("S", 1), Option("L", 2)]
    _ = try await inputGroup(
      "You", .input("Name", required: true), .input("Age", type: .number, value: 12, help: "In years"),
      .radio("Size", options: sizes, required: true), .file("Photo", required: true))
  }

  static let pins = Component("pins", last: ".w-pin .w-buttons") {
    try putInput("name", label: "Name", value: "Ada", help: "It stays in the page")
    try putInput("age", type: .number, label: "Age", value: 36)
    try putTextarea("text", label: "Text", rows: 3)
    try putSelect("size", options: ["S", "M", "L"], label: "Size", value: "M")
    try putCheckbox("extras", options: ["Milk", "Sugar"], label: "Extras", inline: true, value: ["Milk"])
    try putRadio("where", options: ["Here", "To take away"], label: "Where", value: "Here")
    try putActions("do", buttons: ["Save", "Discard"], label: "Do")
  }

  static let charts = Component("charts", last: "#pywebio-scope-ROOT > :nth-child(4) svg") {
    let wave: [(x: Double, y: Double)] = (0..<40).map { (x: Double($0), y: Double(10 + ($0 * 7) % 23)) }
    let half = wave.map { (x: $0.x, y: $0.y / 2) }
    let turned = wave.map { (x: $0.y, y: $0.x) }
    let title = "A year"
    putChart(
      .line, [ChartSeries("Visitors", wave), ChartSeries("Members", half)], title: title, xLabel: "Week",
      yLabel: "People")
    let last = ChartSeries("2025", ["Tea": 3, "Coffee": 8, "Water": 5])
    putChart(.bar, [last, ChartSeries("2026", ["Tea": 4, "Coffee": 6, "Water": 9])])
    putChart(.area, [ChartSeries("Load", wave)], title: "Load", height: 200)
    putChart(.scatter, [ChartSeries("Points", wave), ChartSeries("Others", turned, color: "#c2185b")])
    try putLogbox("log", height: 120)
    for line in 1...20 { logboxAppend("log", "12:00:\(line + 10) something happened, and it was noted\n") }
  }

  static let errorCard = Component("error", last: ".w-error pre") {
    putMarkdown("# A report\nIt is being made.")
    throw WebIOError.invalidArgument("The report has no pages.")
  }

  static let media = Component("media", last: "audio.w-media") {
    putText("A film, with its first picture and without:")
    putVideo(url: film, width: "320px", height: "180px", poster: "data:image/svg+xml;base64,\(base64(drawing))")
    putVideo(url: film, loop: true)
    putText("A tone:")
    putAudio(url: "data:audio/wav;base64,\(base64(tone))")
  }

  static let widget = Component("widget", last: ".w-custom_widget [data-last]") {
    let template = """
      <h3>{{title}}</h3>
      <table class="w-plain"><tr><th>Town</th><th>People</th></tr>
      {{#towns}}<tr><td>{{name}}</td><td>{{people}}</td></tr>{{/towns}}</table>
      {{^missing}}<p data-last>Nothing is <em>missing</em>: {{markup}}</p>{{/missing}}
      """
    putWidget(
      template,
      [
        "title": "Towns", "markup": "<b>escaped</b>",
        "towns": [["name": "Berlin", "people": 3_769_495], ["name": "Zürich", "people": 421_878]],
      ])
  }

  static let datatable = Component("datatable", last: ".w-datatable .row") {
    var people: [WebIO.JSONObject] = []
    for number in 1...500 {
      let day = "19\(10 + number % 80)-0\(1 + number % 9)-11"
      people.append([
        "id": .int(Int64(number)), "name": .string("Person \(number)"),
        "place": ["town": .string("Town \(number % 7)"), "zip": "0815"], "born": .string(day),
        "active": .bool(number % 3 == 0), "balance": .double(Double(number * 7_919 % 100_000) / 100),
      ])
    }
    try putDatatable(
      people, name: "people", id: "id", height: 420, multipleSelect: true,
      actions: [DatatableAction("Edit") { _ in }, DatatableAction("Delete") { _ in }])
    try putDatatable([], name: "nobody", columns: ["name", "born"], height: 200)
  }

  static let code = Component("code", last: ".w-editor .hl-keyword") {
    _ = try await inputGroup(
      "Your program",
      editor(
        "Source", "swift",
        """
        // A greeting, with a line that is long enough to be scrolled sideways on a telephone, as code often is.
        func greet(_ name: String) -> String {
          let count = 42
          return "Hello, \\(name)! " + (1...count).map { String($0) }.joined()
        }
        """, rows: 8), .textarea("Notes", rows: 2))
  }

  static let longLists = Component("form-lists", last: "#input-cards .w-field:nth-child(3)") {
    let towns = ["Berlin", "Paris", "Rome", "Vienna", "Prague", "Madrid", "Lisbon"].map { Option($0, $0, group: "Europe") }
    let others = ["Beijing", "Tokyo", "Delhi", "Lima", "Quito", "Boston", "Accra"].map {
      Option($0, $0, selected: ["Tokyo", "Lima"].contains($0), group: "Elsewhere")
    }
    let drinks = [Option("Tea", 1, group: "Hot"), Option("Coffee", 2, group: "Hot"), Option("Water", 3, group: "Cold")]
    _ = try await inputGroup(
      "A journey", .select("From", options: towns + others, help: "Type to find it"),
      .selectMultiple("Over", options: towns + others), .selectMultiple("Drinks", options: drinks))
  }

  /// What has nothing in it yet.
  static let empty = Component("empty", last: ".w-scrollable") {
    putTable([["Name", "Born"]])
    putChart(.line, [], title: "No data yet")
    try putDatatable([], name: "none", height: 200)
    try putLogbox("log", height: 80)
    putCollapse("Nothing inside", [], open: true)
    putTabs(["First": [], "Second": []])
    try putSelect("choice", options: [], label: "Nothing to choose from")
    try putCheckbox("boxes", options: [], label: "No boxes")
    putImage(url: "data:image/png;base64,", title: "An image that is not there")
    putScrollable([], height: 60)
  }

  private static let drawing = Array(
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="320" height="120"><rect width="320" height="120" fill="#bfe3ff"/>\
    <path d="M0 120 Q60 20 120 120 Q180 10 240 120 Q280 60 320 120" fill="#4a9b5e"/></svg>
    """.utf8)

  /// A fifth of a second at 440 Hz, eight bits, mono.
  private static let tone: [UInt8] = {
    let count = 1_600
    func little(_ value: Int, _ width: Int) -> [UInt8] {
      (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var bytes = Array("RIFF".utf8)
    bytes += little(36 + count, 4)
    bytes += Array("WAVEfmt ".utf8)
    for (value, width) in [(16, 4), (1, 2), (1, 2), (8_000, 4), (8_000, 4), (1, 2), (8, 2)] {
      bytes += little(value, width)
    }
    bytes += Array("data".utf8)
    bytes += little(count, 4)
    for number in 0..<count { bytes.append(number / 9 % 2 == 0 ? 168 : 88) }
    return bytes
  }()

  private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
