import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio new cluster`: three instances behind a real HAProxy or nginx, one killed, all rolled, under load.
  @Suite struct ClusterTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory("webio-cluster") }

    @Test(.timeLimit(.minutes(3)), arguments: ["haproxy", "nginx"])
    func nothingIsLostWhereOneIsKilledAndAllAreRolled(_ proxy: String) async throws {
      let cluster = try await Cluster(directory, proxy)
      let load = Load(port: cluster.port)
      defer { load.stop() }

      // Each has its instance, and comes back to it.
      let visitors = try (0..<6).map { _ in try Visitor(cluster.port) }
      #expect(Set(visitors.map(\.instance)) == ["a", "b", "c"], "\(visitors.map(\.id))")
      for visitor in visitors {
        try visitor.write("first")
        try visitor.comeBack()
        try visitor.write("second")
      }
      let poller = try PollingVisitor(cluster.port)
      for number in 1...6 { try poller.write("\(number)") }
      if proxy == "haproxy" {
        // nginx cannot: PyWebIO's page has made its id itself.
        for _ in 0..<4 { try PollingVisitor(cluster.port, isOurs: false).write("1") }
      }

      // One is killed: the others go on, its own visitors are told, and it comes again.
      let (lost, kept) = (visitors.filter { $0.instance == "b" }, visitors.filter { $0.instance != "b" })
      try cluster.kill("b")
      for visitor in kept { try visitor.write("third") }
      for visitor in lost { #expect(try visitor.isTold(closing: false)) }
      try await eventually("b is back", within: .seconds(60), state: { cluster.log }) {
        try Visitor(cluster.port).instance == "b"
      }

      // All are rolled. Who is on the first one keeps the place until leaving, who is on the next one longer than DRAIN is told.
      let staying = try #require(kept.first { $0.instance == "a" })
      let late = try await Visitor.on("b", cluster.port)
      for visitor in kept where visitor !== staying { visitor.leave() }
      let roll = try cluster.roll()
      defer { roll.killAll() }
      try await eventually("a drains", within: .seconds(60), state: { roll.errorText + cluster.log }) {
        roll.errorText.contains("d is up, a drains")
      }
      try staying.write("fourth")
      try staying.comeBack()
      try staying.write("fifth")
      let newcomers = try (0..<8).map { _ in try Visitor(cluster.port) }
      #expect(!newcomers.contains { $0.instance == "a" }, "\(newcomers.map(\.id))")
      for visitor in newcomers where visitor.instance != "d" { visitor.leave() }
      #expect(!roll.errorText.contains("b drains"))
      staying.leave()
      #expect(try await roll.waitForEnd(within: .seconds(90)) == .exited(0), "\(roll.errorText)")
      #expect(roll.errorText.contains("1 visitors are still at b"), "\(roll.errorText)")
      #expect(try late.isTold(closing: true))
      for visitor in newcomers where visitor.instance == "d" { try visitor.write("first") }
      #expect(try await cluster.running() == ["a", "b", "d"])

      let result = load.stop()
      #expect(result.failures == [], "\(result.failures.count) of \(result.count) requests failed")
      #expect(result.count > 100)
      try await cluster.stop()
    }

    /// Its requests name the instance, each on whatever connection, and the rest of its id is in none but the first.
    @Test(.timeLimit(.minutes(5)), arguments: ["haproxy", "nginx"])
    func aPageWithoutWebSocketsStaysWithItsInstance(_ proxy: String) async throws {
      let cluster = try await Cluster(directory, proxy, "transport=http")
      let browser = try await Fixture.shared.browser()
      try await browser.open("http://localhost:\(cluster.port)/")
      for number in 1...6 {
        try await browser.type("line\u{E007}", into: "[name=data]")
        try await browser.waitForText("\(number): line")
      }
      let session = try await browser.run("return WebIO._state.CurrentSession.id").string ?? ""
      #expect(["a.", "b.", "c."].contains(session.prefix(2)), "\(session)")
      let addresses = try await browser.run(
        "return performance.getEntriesByType('resource').map((r) => r.name).filter((n) => n.includes('ack=')).join('\\n')")
      let later = (addresses.string ?? "").split(separator: "\n").dropFirst()
      #expect(later.count > 6 && later.allSatisfy { $0.contains("session=\(session.prefix(2))&") }, "\(later)")
      try await browser.open("http://localhost:\(cluster.port)/healthz")
      try await cluster.stop()
    }

    @Test(.timeLimit(.minutes(5))) func whatCannotBeIsSaid() async throws {
      let cluster = try await Cluster(directory, "haproxy")
      let wrong = try await Program.run("\(cluster.path)/deploy/instance", ["start", "z"])
      #expect(wrong.ending == .exited(2) && wrong.errors.contains("the slots are a b c d"), "\(wrong)")
      let twice = try await Program.run("\(cluster.path)/deploy/instance", ["start", "a"])
      #expect(twice.ending == .exited(1) && twice.errors.contains("a runs already"), "\(twice)")
      // A program that does not come up ends the roll before anything is taken away.
      try directory.write("cluster/app", "#!/bin/sh\nexit 1\n", mode: 0o755)
      let roll = try await Program.run("\(cluster.path)/deploy/roll", [], within: .seconds(60))
      #expect(roll.ending == .exited(1) && roll.errors.contains("d does not come up"), "\(roll)")
      #expect(try await cluster.running() == ["a", "b", "c"])
      #expect(try HTTPProbe.get("/healthz", port: cluster.port).status == 200)
      try await cluster.stop()
    }

    /// systemd reads the units without a word, and a socket that it has made is served.
    @Test(.timeLimit(.minutes(5))) func theUnitsAreSound() async throws {
      let made = try await WebioCommand.run(
        ["new", "cluster", "notes", "--no-git"], directory: directory.path, settings: directory)
      #expect(made.code == 0, "\(made.errors)")
      for (file, unit) in [
        ("app@.service", "notes@a.service"), ("app@.socket", "notes@a.socket"), ("proxy.service", "notes-proxy.service"),
      ] {
        let text = try readText(directory.file("notes/deploy/\(file)"))
        #expect(!text.contains("{{"))
        // The programs are where only an installed machine has them.
        try directory.write("units/\(unit)", text.replacingOccurrences(of: "/opt/notes/", with: "/bin/true /opt/notes/"))
      }
      let verified = try await Program.run(
        Program.require("systemd-analyze"),
        ["verify", "--man=no"]
          + ["notes@a.service", "notes@a.socket", "notes-proxy.service"].map { directory.file("units/\($0)") },
        environment: ["SYSTEMD_UNIT_PATH": directory.file("units") + ":"])
      #expect(verified.ending == .exited(0) && !verified.errors.contains("units/"), "\(verified)")

      let socket = directory.file("a.sock")
      let activator = try Program(
        Program.require("systemd-socket-activate"),
        ["--listen=\(socket)", "--setenv=WEBIO_INSTANCE=a", Cluster.server, "notes"])
      defer { activator.killAll() }
      try await eventually("the socket is there") { access(socket, F_OK) == 0 }
      let got = try await Program.run(
        Program.require("curl"), ["--silent", "--max-time", "10", "--unix-socket", socket, "http://localhost/healthz"])
      #expect(got.output == "ok\n", "\(got)")
    }
  }
}

/// What `webio new cluster` writes, running.
private final class Cluster: Sendable {
  static let server = (WebioCommand.path as NSString).deletingLastPathComponent + "/TestServer"

  let port: UInt16
  let path: String
  private let program: Program

  init(_ directory: TemporaryDirectory, _ proxy: String, _ more: String = "") async throws {
    port = try freePort()
    path = directory.file("cluster")
    let made = try await WebioCommand.run(["new", "cluster", path, "--no-git"], settings: directory)
    guard made.code == 0 else { throw NotInTime("webio new cluster: \(made.errors)") }
    // The same app as the template's, which `TemplateTests` builds.
    try directory.write("cluster/app", "#!/bin/sh\nexec \(Self.server) notes \(more)\n", mode: 0o755)
    let settings = ["APP=./app", "PROXY=\(proxy)", "LISTEN=127.0.0.1", "PORT=\(port)", "UP=10", "QUIET=1", "DRAIN=4"]
    let original = try readText("\(path)/deploy/cluster.conf")
    try directory.write("cluster/deploy/cluster.conf", original + settings.joined(separator: "\n") + "\n")
    let program = try Program("\(path)/deploy/start", [])
    self.program = program
    let (path, port) = (path, port)
    try await eventually("the cluster is up", within: .seconds(60), state: { program.errorText }) {
      if let ended = program.ended { throw NotInTime("start ended: \(ended) \(program.errorText)") }
      guard Processes.isListening(port) else { return false }
      for slot in ["a", "b", "c"] {
        guard try await Program.run("\(path)/deploy/proxy", ["is-up", slot]).ending == .exited(0) else { return false }
      }
      return true
    }
  }

  /// nginx writes over its environment, so only `start` can find it.
  deinit { program.interrupt() }

  /// With everything that it started.
  func stop() async throws {
    program.send(SIGTERM)
    _ = try await program.waitForEnd(within: .seconds(60))
    #expect(!Processes.isListening(port))
    #expect(Processes.marked(program.mark).map(\.description) == [])
  }

  var log: String { program.errorText }

  func kill(_ slot: String) throws {
    let runner = try #require(pid_t(try readText("\(path)/state/\(slot).pid").trimmingCharacters(in: .newlines)))
    let apps = Processes.children(of: runner)
    #expect(apps.count == 1)
    for app in apps { Glibc.kill(app, SIGKILL) }
  }

  func roll() throws -> Program { try Program("\(path)/deploy/roll", []) }

  func running() async throws -> [String] {
    try await Program.run("\(path)/deploy/instance", ["running"]).output.split(separator: "\n").map(String.init)
  }
}

/// Requests without an end, and what became of them.
private final class Load: @unchecked Sendable {  // what changes is under the lock
  private let lock = NSLock()
  private var isStopped = false
  private var left = 4
  private var count = 0
  private var failures: [String] = []

  init(port: UInt16) {
    for number in 0..<left {
      Thread.detachNewThread { [self] in
        while !lock.withLock({ isStopped }) {
          let target = number % 2 == 0 ? "/" : "/_webio/core.js"
          var failure: String?
          do {
            let answer = try HTTPProbe.get(target, port: port)
            if answer.status != 200 || answer.body.count < 1_000 {
              failure = "\(target): \(answer.status), \(answer.body.count) bytes"
            }
          } catch { failure = "\(target): \(error)" }
          lock.withLock {
            count += 1
            if let failure { failures.append(failure) }
          }
          usleep(5_000)
        }
        lock.withLock { left -= 1 }
      }
    }
  }

  @discardableResult
  func stop() -> (count: Int, failures: [String]) {
    lock.withLock { isStopped = true }
    while lock.withLock({ left }) > 0 { usleep(1_000) }
    return lock.withLock { (count, failures) }
  }
}

/// The page's half of a session of numbered frames, whatever brings them.
private final class Transcript {
  private var form: JSON = .null
  private var outputs = ""
  private var written = 0

  /// A frame; one that is an object is about the connection.
  func take(_ frame: JSON) {
    for command in frame.items.dropFirst() {
      if command["command"] == "input_group" { form = command["task_id"] }
      if command["command"] == "destroy_form" { form = .null }
      outputs += command.text + "\n"
    }
  }

  /// The event that answers the question, once there is one.
  func answer(_ line: String, _ read: () throws -> Void) throws -> String {
    while form == .null { try read() }
    written += 1
    let event: JSON = ["event": "from_submit", "task_id": form, "data": ["data": .string(line)], "n": .number(Double(written))]
    form = .null
    return event.text
  }

  /// Sees all lines until now.
  func expectLines(_ read: () throws -> Void) throws {
    for number in 1...written { while !outputs.contains("\"\(number): ") { try read() } }
  }

  /// It is the proxy's word that counts.
  var comesFromHere: Bool { outputs.contains("from 127.0.0.1") }

  func forget() { (form, outputs) = (.null, "") }
}

/// A page with its WebSocket.
private final class Visitor {
  let id: String
  private let port: UInt16
  private var socket: WebSocketProbe
  private let transcript = Transcript()
  var instance: String { String(id.prefix { $0 != "." }) }

  init(_ port: UInt16) throws {
    self.port = port
    socket = try Self.connect(port, "NEW")
    id = try JSON(parsing: socket.receive())["spec"].string ?? ""
  }

  /// Others come and go until one is there.
  static func on(_ instance: String, _ port: UInt16) async throws -> Visitor {
    try await eventually("a visitor of \(instance)") {
      let visitor = try Visitor(port)
      if visitor.instance == instance { return visitor }
      visitor.leave()
      return nil
    }
  }

  private static func connect(_ port: UInt16, _ id: String) throws -> WebSocketProbe {
    try WebSocketProbe("/?app=index&session=\(id)&webio=1&page=p&received=0", port: port)
  }

  private func read() throws { transcript.take(try JSON(parsing: socket.receive())) }

  /// Answers the question, and sees what comes of it.
  func write(_ line: String) throws {
    try socket.send(try transcript.answer(line, read))
    try transcript.expectLines(read)
  }

  /// As after a refresh: all is there again.
  func comeBack() throws {
    socket.close()
    socket = try Self.connect(port, id)
    transcript.forget()
    try transcript.expectLines(read)
  }

  func leave() { socket.close() }

  /// The connection ends, and the session is no more: the page says so. `closing`: the server has said that it goes.
  func isTold(closing: Bool) throws -> Bool {
    var end = ""
    do { while true { _ = try socket.receive() } } catch { end = "\(error)" }
    if closing, !end.contains("closed with 1001") { return false }
    socket = try Self.connect(port, id)
    return try JSON(parsing: socket.receive())["command"] == "close_session"
  }
}

/// A page that speaks by HTTP requests, each on a connection of its own.
private final class PollingVisitor {
  private let port: UInt16
  private let isOurs: Bool
  private let id = (0..<24).map { _ in String("abcdefghijklmnopqrstuvwxyz0123456789".randomElement()!) }.joined()
  private let transcript = Transcript()
  private var (batch, event) = (-1, 0)
  private var query: String

  init(_ port: UInt16, isOurs: Bool = true) throws {
    self.port = port
    self.isOurs = isOurs
    query = "app=index"
    if isOurs { query += "&webio=1&page=p" }
    try take(ask("GET", query + (isOurs ? "&session=NEW" : ""), "NEW-\(id)"))
  }

  private func ask(_ method: String, _ query: String, _ id: String, _ body: String = "") throws -> JSON {
    let answer = try HTTPProbe.get(
      "/?\(query)&ack=\(batch)", port: port,
      fields: ["webio-session-id": id, "Content-Type": "application/json", "X-Forwarded-For": "203.0.113.9"],
      method: method, body: body)
    guard answer.status == 200 else { throw NotInTime("\(method): \(answer.status) \(answer.text)") }
    return try JSON(parsing: answer.text)
  }

  private func take(_ answer: JSON) throws {
    guard answer["close"] == .null else { throw NotInTime("the session is not there: \(answer.text)") }
    for (number, messages) in answer["commands"].items.enumerated() {
      batch = (answer["seq"].int ?? 0) + number
      for message in messages.items {
        if message["command"] == "close_session" { throw NotInTime("the session is not there") }
        if message["command"] == "set_session_id", let id = message["spec"].string {
          query += "&session=\(id.prefix { $0 != "." })."
        }
        transcript.take(isOurs ? message : [0, message])
      }
    }
  }

  private func read() throws { try take(ask("GET", query, id)) }

  func write(_ line: String) throws {
    let answer = try transcript.answer(line, read)
    try take(ask("POST", query + "&seq=\(event)", id, "[\(answer)]"))
    event += 1
    try transcript.expectLines(read)
    #expect(transcript.comesFromHere)
  }
}
