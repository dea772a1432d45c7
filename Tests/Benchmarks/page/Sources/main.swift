import WebIO

// What page.py measures: the page of a question, a flood of output, a large table.

func hello() async throws {
  putMarkdown("# Hello")
  putText("hello, \(try await input("What is your name?", required: true))")
  putText("second")
  hold()
}

func flood() async throws {
  try putScope("flood")
  putButton("Go") {
    try useScope("flood") { for number in 0..<20_000 { putText("text \(number)") } }
    putText("the end")
  }
  hold()
}

func table() async throws {
  let rows: [JSONObject] = (0..<100_000).map { number in
    ["name": .string("row \(number)"), "value": .int(Int64((number * 7919) % 100_003)), "even": .bool(number % 2 == 0)]
  }
  try putDatatable(Array(rows[..<1_000]), name: "large", height: 500)
  for start in stride(from: 1_000, to: rows.count, by: 3_000) {
    datatableInsert("large", Array(rows[start..<min(start + 3_000, rows.count)]))
  }
  hold()
}

guard let port = CommandLine.arguments.dropFirst().first.flatMap({ Int($0) }) else {
  fatalError("usage: PageBenchmark PORT")
}
try await startServer(
  [Application("hello", hello), Application("flood", flood), Application("table", table)], port: port)
