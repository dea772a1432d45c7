import TestSupport
import Testing
import WebIOHTTP

@testable import WebIO

extension PageEndToEnd {
  @Suite struct SpeedTests {
    @Test func helloIsSmallAndStandsStill() async throws {
      let browser = try await open {
        putMarkdown("# Hello")
        putText("hello, \(try await input("What is your name?", required: true))")
        putText("second")
        hold()
      }
      try await browser.wait("the form is there", "document.activeElement.name === 'data'")
      let entries = try await browser.run(
        """
        return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
          .map((entry) => ({ name: entry.name, size: entry.transferSize }));
        """
      ).items
      let size = entries.reduce(0) { $0 + ($1["size"].int ?? 0) }
      #expect(entries.count == 2, "\(entries.map(\.text))")
      #expect(size > 10_000 && size < 60_000)
      try await browser.settle()
      let shift = try await browser.run("return __seen.shift").number ?? 1
      try Artifacts.save("page-hello.txt", "requests \(entries.count), bytes \(size), layout shift \(shift)\n")
      #expect(shift < 0.01)
      try await browser.type("Ada\u{E007}", into: "[name=data]")
      try await browser.waitForText("second")
      try await browser.settle()
      #expect(try await browser.run("return __seen.shift").number ?? 1 < 0.01)
      try await browser.expectNoProblems()
    }

    @Test func lazyPartsKeepTheirPlace() async throws {
      let browser = try await open {
        putChart(.line, [ChartSeries("a", [(x: 1, y: 2), (x: 2, y: 3)])])
        putCode("let a = 1", language: "swift")
        try putDatatable(rows(0..<20), name: "small", height: 300)
        putText("below")
        hold()
      }
      try await browser.waitForText("below")
      _ = try await browser.find(".w-chart svg")
      _ = try await browser.find(".w-datatable .row")
      try await browser.settle()
      #expect(try await browser.run("return __seen.shift").number ?? 1 < 0.01)
      try await browser.expectAccessible()
      try await browser.picture("lazy")
    }

    /// The page works off a flood in slices, one a frame, and what it adds in one task is bounded. How long that takes
    /// is measured by Tests/Benchmarks/page.
    @Test func twentyThousandTextsComeInOrderAndInSlices() async throws {
      let count = 20_000
      let browser = try await open {
        try putScope("flood")
        putButton("Go") {
          try useScope("flood") { for number in 0..<count { putText("text \(number)") } }
          putText("the end")
        }
      }
      _ = try await browser.find("#pywebio-scope-ROOT button")
      _ = try await browser.run(
        """
        // An observer hears once of each task that changed something.
        window.__tasks = [];
        let frame = 0;
        const next = () => { frame += 1; requestAnimationFrame(next); };
        requestAnimationFrame(next);
        new MutationObserver((records) => __tasks.push({ frame, added: records.length }))
          .observe(document.getElementById("pywebio-scope-flood"), { childList: true });
        """)
      try await browser.press(button: "Go")
      try await browser.wait(
        "all is there", within: .seconds(60), "document.getElementById('pywebio-scope-ROOT').lastChild.innerText === 'the end'")
      let inOrder = """
        return [...document.getElementById('pywebio-scope-flood').children].every((e, i) => e.textContent === `text ${i}`)
        """
      #expect(try await browser.count("#pywebio-scope-flood > *") == count)
      #expect(try await browser.run(inOrder).bool == true)
      let tasks = try await browser.run("return __tasks").items
      let added = tasks.map { $0["added"].int ?? 0 }
      #expect(added.reduce(0, +) == count)
      #expect(added.max()! <= 1_000, "\(added)")
      // At least twenty frames; the first slice after a pause may share one with the next.
      #expect(Set(tasks.compactMap { $0["frame"].int }).count >= count / 1_000 - 1, "\(tasks.map(\.text))")
      try await browser.expectNoProblems()
    }

    @Test func aHundredThousandRowsScroll() async throws {
      let count = 100_000
      let browser = try await open {
        try putDatatable(rows(0..<1_000), name: "large", height: 500)
        for start in stride(from: 1_000, to: count, by: 3_000) {
          datatableInsert("large", rows(start..<min(start + 3_000, count)))
        }
        hold()
      }
      try await browser.wait(
        "all rows are there", within: .seconds(60), "/100,?000 rows/.test(document.querySelector('.w-datatable')?.innerText)")
      // Flung, two thousand pixels a frame: what is in view is there in each frame, whole and in order, and nothing else is.
      let seen = try browser.script(
        """
        const done = arguments[0];
        const box = document.querySelector('.w-datatable .scroll');
        const problems = [];
        let frames = 0;
        const inView = () => {
          const { top, bottom } = box.getBoundingClientRect();
          const rows = [...box.querySelectorAll('.row')].filter((row) => { const b = row.getBoundingClientRect(); return b.bottom > top && b.top < bottom; })
            .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top).map((row) => Number(/row (\\d+)/.exec(row.innerText)?.[1]));
          return rows.filter((number) => !Number.isNaN(number));
        };
        const step = () => {
          const numbers = inView();
          if (numbers.length < 8) problems.push(`frame ${frames}: only ${numbers}`);
          if (numbers.some((number, i) => i > 0 && number !== numbers[i - 1] + 1)) problems.push(`frame ${frames}: ${numbers}`);
          if (box.querySelectorAll('.row').length > 100) problems.push(`frame ${frames}: too many`);
          box.scrollTop += 2000;
          frames += 1;
          if (frames < 90) requestAnimationFrame(() => setTimeout(step)); else done({ problems, last: numbers.at(-1) });
        };
        requestAnimationFrame(() => setTimeout(step));
        """)
      #expect(seen["problems"].items == [])
      #expect(seen["last"].int ?? 0 > 3_000)
      _ = try await browser.run("const b = document.querySelector('.w-datatable .scroll'); b.scrollTop = b.scrollHeight")
      try await browser.waitForText("row 99999")
      try await browser.type("row 77777", into: ".w-datatable input")
      let inView = "document.querySelector('.w-datatable .body').innerText"
      try await browser.wait("it is found", "\(inView).includes('row 77777') && !\(inView).includes('row 99999')")
      try await browser.expectAccessible()
      try await browser.picture("table-large")
      try await browser.expectNoProblems()
    }
  }
}

private func rows(_ numbers: Range<Int>) -> [WebIO.JSONObject] {
  numbers.map { ["name": .string("row \($0)"), "value": .int(Int64(($0 * 7919) % 100_003)), "even": .bool($0 % 2 == 0)] }
}
