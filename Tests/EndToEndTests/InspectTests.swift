import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio share --inspect` in Chromium: what visitors of a real tunnel do appears on the local page.
  @Suite struct InspectTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory("webio-inspect") }

    @Test(.timeLimit(.minutes(5))) func requestsAndFramesAppearAndAreSentAgain() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let project = try await Fixture.shared.project()
      let inspectorPort = try freePort()
      let webio = try WebioCommand(
        [
          "share", project.path, "--via", server.address, "--identity", server.identity, "--json",
          "--known-hosts", server.directory.file("known_hosts"), "--inspect=\(inspectorPort)",
        ], settings: directory)
      try await webio.explaining { try await walk(webio, inspectorPort) }
    }

    private func walk(_ webio: WebioCommand, _ inspectorPort: UInt16) async throws {
      let inspector = try await webio.event("inspector", within: .seconds(60))["url"].string ?? ""
      #expect(inspector.hasPrefix("http://localhost:\(inspectorPort)/?token="))
      let url = try await webio.event("public", within: .seconds(60))["url"].string ?? ""
      let port = try WebioCommand.port(of: url)
      try await webio.event("built", within: .seconds(300))

      let browser = try await Fixture.shared.browser()
      try await browser.resize(width: 1280, height: 900)
      _ = try await browser.consoleLog()
      try await browser.open(inspector)
      try await browser.waitForText("No visitor has asked")

      // A visitor's page, a form post with a login, markup in an address, and a session over a WebSocket.
      #expect(try HTTPProbe.get("/?who=<img/src=x/onerror=alert(1)>", port: port, within: .seconds(60)).status == 200)
      _ = try HTTPProbe.get(
        "/post", port: port, fields: ["Content-Type": "application/json", "Cookie": "session=very-secret"],
        method: "POST", body: "{\"name\":\"Ada\",\"it's\":[1,2]}")
      let session = try SessionProbe(port: port, origin: "http://127.0.0.1:\(port)")
      let form = try session.command("input_group", within: .seconds(60))
      let name = form["spec"]["inputs"][0]["name"].string ?? ""
      try session.submit(form, .object([name: "Grace Hopper"]))

      try await eventually("three requests are listed", within: .seconds(60), state: browser.describe) {
        try await browser.run("return document.querySelectorAll('#list .row').length") == 3
      }
      #expect(try await browser.run("return document.querySelectorAll('img').length") == 0)
      try await browser.waitForText("/?who=<img")

      // By keyboard: the WebSocket is the newest, so it is the first.
      _ = try await browser.run("document.getElementById('list').focus()")
      try await browser.type("\u{E015}", into: "#list")
      try await browser.waitForText("Grace Hopper")
      #expect(try await browser.text.contains("input_group"))
      try await browser.screenshot("inspect-frames")

      try await browser.type("\u{E015}", into: "#list")
      try await browser.waitForText("POST /post")
      let shown = try await browser.text
      #expect(shown.contains("\"name\": \"Ada\"") && !shown.contains("very-secret"))
      let curl =
        try await browser.run(
          """
          const { curl } = await import("/inspect.js");
          const token = new URLSearchParams(location.search).get("token");
          return curl(await (await fetch("/exchange?id=2", { headers: { "webio-token": token } })).json());
          """
        ).string ?? ""
      // The shell takes it as it was: the same request arrives again.
      let before = try await rowCount(browser)
      let ran = try await Program.run("/bin/sh", ["-c", curl], within: .seconds(60))
      #expect(ran.ending == .exited(0), "\(curl) \(ran.errors)")
      try await eventually("curl's request", within: .seconds(60)) { try await rowCount(browser) == before + 1 }
      try await browser.type("\u{E013}\u{E013}", into: "#list")
      try await eventually("the newest is shown", within: .seconds(60)) {
        try await browser.run("return document.getElementById('detail').dataset.id") == "4"
      }
      try await browser.waitForText("\"it's\"")

      try await browser.click("#detail .actions button:nth-child(2)")
      try await browser.waitForText("replay of #")
      try await browser.screenshot("inspect-request")
      try await browser.click(".mask")
      try await browser.waitForText("session=very-secret")

      try await browser.type("post", into: "#filter")
      try await eventually("the filter", within: .seconds(60)) {
        try await browser.run("return document.querySelectorAll('#list .row:not([hidden])').length") == 3
      }
      _ = try browser.call(
        "POST", "/goog/cdp/execute",
        [
          "cmd": "Emulation.setEmulatedMedia",
          "params": ["features": [["name": "prefers-color-scheme", "value": "dark"]]],
        ])
      try await browser.screenshot("inspect-dark")
      _ = try browser.call("POST", "/goog/cdp/execute", ["cmd": "Emulation.setEmulatedMedia", "params": ["features": []]])
      try await fitsAPhone(browser)
      try await browser.click("#clear")
      try await browser.waitForText("No visitor has asked")
      let problems = try await browser.consoleLog().filter { !$0.contains("favicon") }
      #expect(problems.isEmpty, "\(problems)")

      // Not by another name, and not through the tunnel.
      #expect(try HTTPProbe.get("/", port: inspectorPort, host: "evil.example").status == 403)
      #expect(try HTTPProbe.get("/inspect.js", port: port).text != readText("\(checkout)/Sources/Frontend/inspect.js"))

      let traces = Traces(of: webio, port: inspectorPort)
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130), "\(webio.account)")
      await traces.expectGone(within: .seconds(10))
    }

    /// Nothing is cut at the width of a phone.
    private func fitsAPhone(_ browser: WebDriver) async throws {
      func emulate(_ command: String, _ parameters: JSON) throws {
        _ = try browser.call("POST", "/goog/cdp/execute", ["cmd": .string("Emulation.\(command)"), "params": parameters])
      }
      try emulate(
        "setDeviceMetricsOverride", ["width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true])
      let cut = try await browser.run(
        """
        const field = document.getElementById("filter"), pen = document.createElement("canvas").getContext("2d");
        const style = getComputedStyle(field);
        pen.font = style.font;
        const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        return [pen.measureText(field.placeholder).width > room, document.documentElement.scrollWidth > innerWidth];
        """)
      #expect(cut[0] == false && cut[1] == false)
      try await browser.screenshot("inspect-phone")
      try emulate("clearDeviceMetricsOverride", [:])
    }

    private func rowCount(_ browser: WebDriver) async throws -> Double {
      try await browser.run("return document.querySelectorAll('#list .row').length").number ?? 0
    }
  }
}
