import WebIOHTTP
import WebIOPosix

@testable import WebIO
@testable import WebIOTesting

/// What pages send, and what is kept of it.
extension FuzzTarget {
  static let app: [FuzzTarget] = [page, event, upload, journal, kept, preview, glob, texts, proxies]

  private static let events = [
    #"{"event":"from_submit","task_id":"TASK","data":{"name":"Ada","age":36,"color":"red","files":null,"day":"2026-11-21"},"n":1}"#,
    #"{"event":"input_event","task_id":"TASK","data":{"event_name":"change","name":"name","value":"x"}}"#,
    #"{"event":"callback","task_id":"CALL","data":0,"n":2,"form":3}"#, #"{"event":"from_cancel","task_id":"TASK","data":null}"#,
    #"{"event":"js_yield","task_id":"TASK","data":[1,2]}"#, #"{"event":"ack","task_id":"","data":7}"#,
    #"{"event":"upload_start","task_id":"TASK","data":{"id":"u1","name":"files","filename":"a.txt","size":3,"mime_type":"","last_modified":0}}"#,
    #"{"event":"upload_cancel","data":{"id":"u1"}}"#, #"{"event":"upload_chunk","data":{"id":"u1","offset":0}}"#,
  ]
  private static let words = [
    "\"event\":", "\"from_submit\"", "\"data\":", "null", "\"uploads\":[\"u1\"]", "{\"uploads\":[", "\"n\":",
    "\"task_id\":\"TASK\"", "\"CALL\"", "[]", "{}",
    "9007199254740993", "1e300", "true",
  ]

  private static func segments(_ parts: [[UInt8]]) -> [UInt8] {
    parts.flatMap { part in (0..<8).map { UInt8(truncatingIfNeeded: part.count >> (56 - 8 * $0)) } + part }
  }

  private static let messages: [[UInt8]] = [
    segments([
      Array(events[0].utf8),
      Array(#"{"filename":"a.txt","size":3,"mime_type":"text/plain","last_modified":1.5,"input_name":"files"}"#.utf8),
      [1, 2, 3],
    ]),
    segments([Array(events[8].utf8), [1, 2, 3]]),
  ]

  // MARK: A session

  /// An app that asks for all that there is, again and again, and a page that lies.
  private static let page = FuzzTarget(
    "page", seeds: events.map { "[\($0)]" } + ["[]", "[\(events.prefix(3).joined(separator: ","))]"], bytes: messages,
    words: words
  ) { input in try await HostilePage.shared.send(input.bytes) }

  // MARK: Its messages

  private static let event = FuzzTarget("event", seeds: events, words: words) { input in
    guard let json = try? JSONParser.parse(input.bytes), let event = Event(json) else { return "none" }
    return "\(event.kind) \(event.number == nil) \(event.form == nil)"
  }

  private static let upload = FuzzTarget("upload-message", bytes: messages, words: words) { input in
    let outcome = input.bytes.withCopiedBytes { bytes in
      let chunk = UploadChunk(bytes)
      let message = UploadMessage(bytes)
      return
        "\(chunk?.bytes.count ?? -1) \(message?.files.mapValues { $0.map(\.size) }.sorted { $0.key < $1.key }.description ?? "none")"
    }
    // What the encoder of the tests' page makes of it comes out whole.
    // A header of more than 10 KiB is refused.
    let name = String(input.text.replacing("\0", with: "").prefix(200))
    let file = TestFile(name, input.bytes, mimeType: "a/b")
    let made = UploadEncoder.message(["event": "from_submit", "data": .string(name)], [("field", file)])
    let read = made.withCopiedBytes { UploadMessage($0) }
    let bytes = try read?.files["field"]?.first?.bytes(limit: .max)
    try require(bytes == input.bytes && read?.event["data"]?.string == name, "encoded and read it is another file")
    return outcome
  }

  private static let journal = FuzzTarget(
    "journal-entry",
    seeds: [
      #"{"kind":"answer","task":"main","question":{"label":"Name?","fields":[{"name":"a","type":"text","multiple":true,"options":["1"]}]},"data":{"a":1},"files":{"f":[{"filename":"x","mime_type":"","last_modified":1,"content":"QQ=="}]}}"#,
      #"{"kind":"answer","task":"main","question":{"label":"","fields":[]},"cancelled":true}"#,
      #"{"kind":"reply","task":"t","command":"run_script","data":[1]}"#, #"{"kind":"once","key":"charge","value":{"a":null}}"#,
      #"{"kind":"click","widget":"buttons","label":"Go","nth":1,"place":0,"number":9,"data":0}"#,
    ],
    words: ["\"kind\":", "\"answer\"", "\"click\"", "\"fields\":[", "\"files\":{", "\"content\":\"QQ==\"", "null", "{}", "[]"]
  ) { input in
    guard let json = try? JSONParser.parse(input.bytes), let entry = JournalEntry(json) else { return "none" }
    let again = (try? JSONParser.parse(entry.json.serialized)).flatMap { JournalEntry($0) }
    try require(again == entry, "written and read it is \(again.map { "\($0.json)" } ?? "nothing")")
    return "\(entry.json)".count > 80 ? "long" : "\(entry.json)"
  }

  private struct Kept: Codable, Equatable {
    struct Part: Codable, Equatable {
      var name: String?
      var flags: [String: Bool]
    }
    var count: Int8
    var big: UInt64
    var ratio: Double
    var parts: [Part]
    var choice: Choice
    enum Choice: String, Codable { case first, second }
  }

  private static let kept = FuzzTarget(
    "kept-value",
    seeds: [
      #"{"count":1,"big":"18446744073709551615","ratio":0.5,"parts":[{"name":"a","flags":{"x":true}},{"flags":{}}],"choice":"first"}"#
    ],
    words: ["\"count\":", "128", "-128", "\"big\":\"", "null", "\"second\"", "{\"flags\":{}}", "1.5"]
  ) { input in
    guard let json = try? JSONParser.parse(input.bytes), let value = try? JSONValueDecoder.decode(json) as Kept else {
      return "none"
    }
    let again = try JSONValueDecoder.decode(try JSONValueEncoder.encode(value)) as Kept
    try require(again == value, "kept and read it is another value")
    return "\(value.count) \(value.parts.map { $0.flags.count }) \(value.choice) \(value.big > 1 << 40)"
  }

  private static let preview = FuzzTarget(
    "preview",
    seeds: [
      "{\"old\":[\"Hello, \",\"!\"],\"new\":[\"Hi, \",\".\"]}\u{1}Hello, Ada!",
      "{\"old\":[\"Name?\"],\"new\":[\"Who?\"]}\u{1}Name?",
    ],
    words: ["\",\"", "Hello, ", "!", "\u{1}", "\"old\":[", "\"new\":["]
  ) { input in
    let parts = input.bytes.split(separator: 1, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let json = try? JSONParser.parse(Array(parts[0])), let change = LiteralChange(json) else {
      return "none"
    }
    let text = String(decoding: parts[1], as: UTF8.self)
    let json2: JSONValue = ["type": "text", "content": .string(text), "contents": [.string(text), 1]]
    return "\(change.applied(to: text)?.utf8.count ?? -1) \(json2.preview([change]) == nil)"
  }

  // MARK: Small ones

  private static let glob = FuzzTarget(
    "patterns", seeds: ["https://*.example.org\u{1}https://a.example.org", "[a-c]?*\u{1}bxx", "[!]x]*\u{1}y", "***a\u{1}aaaa"],
    words: ["*", "?", "[a-z]", "[!a]", "[", "]", "-", "\u{1}", "https://"]
  ) { input in
    let parts = input.bytes.split(separator: 1, maxSplits: 1, omittingEmptySubsequences: false)
    let (pattern, text) = (Array(parts[0].prefix(40)), parts.count == 2 ? Array(parts[1].prefix(40)) : [])
    let texts = [pattern, text].map { String(decoding: $0, as: UTF8.self) }
    _ = try? Glob.validate(texts[0])
    let isMatch = Glob.matches(texts[0], texts[1])
    if !texts[0].utf8.contains(UInt8(ascii: "[")) {
      try require(
        isMatch == matchesSlowly(Array(texts[0].utf8)[...], Array(texts[1].utf8)[...]),
        "\(texts[0]) and \(texts[1]): \(isMatch)")
    }
    return "\(isMatch) \(pattern.count) \(text.count)"
  }

  /// By trying everything, row by row.
  private static func matchesSlowly(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var row = [Bool](repeating: false, count: text.count + 1)
    row[0] = true
    for byte in pattern {
      var next = [Bool](repeating: false, count: text.count + 1)
      for (index, letter) in text.enumerated() where byte != UInt8(ascii: "*") {
        next[index + 1] = row[index] && (byte == UInt8(ascii: "?") || byte == letter)
      }
      if byte == UInt8(ascii: "*") {
        for index in 0...text.count { next[index] = row[index] || (index > 0 && next[index - 1]) }
      }
      row = next
    }
    return row[text.count]
  }

  private static let texts = FuzzTarget(
    "dates-and-agents", weight: 4,
    seeds: [
      "2026-11-21", "14:30", "14:30:59", "2026-02-29T23:59", "2026-W53", "#a0b1c2",
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "9464", "[::1]:9464",
      "0.0.0.0:1", "localhost",
    ], words: ["-", ":", "T", "W", "Chrome/", "Android ", "iPad", "bot/", "Windows NT "]
  ) { input in
    let text = input.text
    var outcome = ""
    if let date = CalendarDate(text) { try require(date.description == text, "\(date)") }
    if let time = ClockTime(text) { try require(text.hasPrefix(time.description), "\(time)") }
    if let moment = LocalDateTime(text) { try require(LocalDateTime(moment.description) == moment, "\(moment)") }
    if let address = MetricsAddress(text) {
      try require(MetricsAddress(address.text) == address, "\(address.text) is another address than \(text)")
      outcome += "\(address.text)"
    }
    let agent = UserAgent(text)
    try require([agent.isMobile, agent.isTablet, agent.isPC, agent.isBot].count(where: { $0 }) <= 1, "two kinds of device")
    try require(
      agent.browserVersion.utf8.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") },
      "the version \(agent.browserVersion)")
    return
      "\(outcome.prefix(40)) \(CalendarDate(text) == nil) \(ClockTime(text) == nil) \(agent.browser) \(agent.os) \(agent.isBot)"
  }

  private static let proxies = FuzzTarget(
    "forwarded-for", seeds: ["203.0.113.9, 10.0.0.1", "1.2.3.4", "::1, unknown, 10.0.0.1", ", ,"],
    words: [", ", "10.0.0.1", "10.0.0.2", "\n", "unix"]
  ) { input in
    let lines = input.text.split(separator: "\n").map(String.init)
    let trusted = TrustedProxies(addresses: ["10.0.0.1", "10.0.0.2"])
    try require(trusted.visitor(peer: "203.0.113.7", forwarded: lines) == "203.0.113.7", "a stranger says who he is")
    let visitor = trusted.visitor(peer: "10.0.0.1", forwarded: lines)
    try require(SocketAddress(numericHost: visitor, port: 0) != nil && !visitor.isEmpty, "\(visitor) is no address")
    return visitor
  }
}

/// A page of one session after the other, over the HTTP session API. PROTOCOL.md, section 7.
private actor HostilePage {
  static let shared = HostilePage()

  private var handler: AppHandler?
  private var pages = 0
  private var id: String?
  private var sequence = 0
  private var task = ""
  private var callback = ""

  /// Afterwards the server is as well as before, and the session is either gone or still answers.
  func send(_ input: [UInt8]) async throws -> String {
    if id == nil { try await open() }
    let body = replaced(replaced(input, "TASK", task), "CALL", callback)
    let isBinary = input.first == 0
    let answer = try await ask("POST", "?seq=\(sequence)&ack=0&webio=1", body, isBinary: isBinary)
    guard answer.status == 200, let json = try? JSONParser.parse(answer.body) else {
      try require([400, 413].contains(answer.status), "the answer is \(answer.status)")
      return "\(answer.status)"
    }
    sequence = (json["ack"]?.int ?? 0) + 1
    let close = json["close"]?.int
    if close != nil || sequence > 200 || sequence < 0 { id = nil }
    return "\(isBinary) \(close ?? 0) \(min(sequence, 5))"
  }

  private func open() async throws {
    if handler == nil {
      var limits = ServerLimits()
      limits.reconnect = .milliseconds(100)
      limits.payload = "100K"
      handler = try await AppHandler([Application("index") { try await Self.talk() }], limits: limits)
    }
    pages += 1
    id = "NEW-hostile-page-\(1_000_000_000 + pages)"
    (sequence, task, callback) = (0, "", "")
    let answer = try await ask("GET", "?app=index&session=NEW&webio=1&page=a")
    try require(answer.status == 200, "a new page gets \(answer.status)")
    id = id.map { String($0.dropFirst(4)) }
    try search(try JSONParser.parse(answer.body))
  }

  private static func talk() async throws {
    putButton("Press") { putText("pressed") }
    while true {
      _ = try await inputGroup(
        "All", .input("Name", name: "name"), .input("Age", type: .number, name: "age"), .input("Day", type: .date, name: "day"),
        .files("Files", name: "files"))
    }
  }

  /// The first task's and the first callback's name.
  private func search(_ json: JSONValue) throws {
    switch json {
    case .array(let values): for value in values { try search(value) }
    case .object(let object):
      if task.isEmpty, let name = object["task_id"]?.string { task = name }
      if callback.isEmpty, let name = object["callback_id"]?.string { callback = name }
      for member in object.members { try search(member.value) }
    default: break
    }
  }

  private func ask(_ method: String, _ target: String, _ body: [UInt8] = [], isBinary: Bool = false) async throws -> (
    status: Int, body: [UInt8]
  ) {
    let fields = [
      ("Host", "app.example"), ("webio-session-id", id ?? ""),
      ("Content-Type", isBinary ? "application/octet-stream" : "application/json"),
    ]
    guard
      let response = try await handler?.respond(
        to: AppRequest(method: method, target: "/\(target)", fields: fields, body: body))
    else {
      throw Defect("there is no handler")
    }
    return (response.status, try await response.body.bytes())
  }

  private func replaced(_ bytes: [UInt8], _ word: String, _ name: String) -> [UInt8] {
    bytes.replacing(Array(word.utf8), with: Array(name.utf8))
  }
}
