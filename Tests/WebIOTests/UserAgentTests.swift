import Testing

@testable import WebIO

@Suite struct UserAgentTests {
  static let cases: [(field: String, browser: String, version: String, os: String, osVersion: String, kind: String)] = [
    (
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
      "Chrome", "126.0.0.0", "Windows", "10", "pc"
    ),
    (
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.68",
      "Edge", "126.0.2592.68", "Windows", "10", "pc"
    ),
    (
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
      "Safari", "17.5", "Mac OS X", "10.15.7", "pc"
    ),
    (
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
      "Safari", "17.5", "iOS", "17.5", "mobile"
    ),
    (
      "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1",
      "Chrome", "126.0", "iOS", "16.6", "tablet"
    ),
    (
      "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
      "Chrome", "126.0.0.0", "Android", "14", "mobile"
    ),
    (
      "Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Safari/537.36",
      "Samsung Internet", "25.0", "Android", "13", "tablet"
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox", "127.0", "Linux", "", "pc"),
    (
      "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 OPR/111.0",
      "Opera", "111.0", "Chrome OS", "", "pc"
    ),
    (
      "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
      "Googlebot", "", "Android", "6.0.1", "bot"
    ),
    ("curl/8.5.0", "Other", "", "Other", "", "none"), ("", "Other", "", "Other", "", "none"),
    ("Edg/", "Edge", "", "Other", "", "none"),
  ]

  @Test(arguments: cases) func takesTheFieldApart(
    field: String, browser: String, version: String, os: String, osVersion: String, kind: String
  ) {
    let agent = UserAgent(field)
    #expect(agent.description == field)
    #expect(agent.browser == browser && agent.os == os && agent.osVersion == osVersion, "\(agent)")
    if kind != "bot" { #expect(agent.browserVersion == version) }
    let kinds = [("mobile", agent.isMobile), ("tablet", agent.isTablet), ("pc", agent.isPC), ("bot", agent.isBot)]
    #expect(kinds.filter(\.1).map(\.0) == (kind == "none" ? [] : [kind]))
  }
}
