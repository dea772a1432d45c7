import TestSupport
import Testing

@testable import WebIOHTTP

@Suite struct MetricsMergeTests {
  private func text(_ count: Int) -> String {
    var text = MetricsText()
    text.add("open", .gauge, "What is open.", count)
    text.describe("requests_total", .counter, "Requests.")
    text.sample("requests_total", label: ("class", "2xx"), Double(10 * count))
    text.describe("seconds", .histogram, "How long.")
    for (bound, value) in [("0.5", count), ("+Inf", 2 * count)] {
      text.sample("seconds_bucket", label: ("le", bound), Double(value))
    }
    text.sample("seconds_sum", 0.25)
    text.sample("seconds_count", Double(2 * count))
    return text.text
  }

  @Test func eachSampleTellsWhoseItIs() throws {
    var merge = MetricsMerge()
    merge.add(text(1))
    merge.add(text(2), label: ("app", "/a"))
    merge.add(text(3) + "# HELP other Only here.\n# TYPE other gauge\nother 5\n", label: ("app", "/b"))
    let metrics = try MetricsFormat(parsing: merge.text)
    #expect(metrics["open"] == 1 && metrics[#"open{app="/a"}"#] == 2 && metrics[#"open{app="/b"}"#] == 3)
    #expect(metrics[#"requests_total{class="2xx"}"#] == 10)
    #expect(metrics[#"requests_total{app="/b",class="2xx"}"#] == 30)
    #expect(metrics[#"seconds_bucket{app="/a",le="+Inf"}"#] == 4)
    #expect(metrics[#"other{app="/b"}"#] == 5)
    #expect(merge.text.split(separator: "\n").filter { $0.hasPrefix("# TYPE open ") }.count == 1)
  }

  @Test func whatIsNoLineOfTheFormatIsLeftOut() throws {
    var merge = MetricsMerge()
    merge.add("garbage 1\n# a comment\n# HELP open What.\n# TYPE open gauge\nopen 1\nother 2\nopen\n\n", label: ("app", "/a"))
    #expect(merge.text == "# HELP open What.\n# TYPE open gauge\nopen{app=\"/a\"} 1\n")
  }
}
