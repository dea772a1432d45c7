import WebIO

func data() async throws {
  heading("Tables and charts")
  try await example("Table") {
    putTable([
      ["Name", "Born", "Do"],
      ["Ada", "1815", .button("Greet", small: true) { toast("Hello, Ada!") }],
      [Content.text("nobody else").spanning(columns: 3)],
    ])
  }
  try await example("Data table") {
    let rows: [JSONObject] = (1...1_000).map { ["id": .int($0), "square": .int($0 * $0), "even": .bool($0 % 2 == 0)] }
    try putDatatable(
      rows, name: "squares", id: "id", height: 260, multipleSelect: true,
      actions: [DatatableAction("Remove") { datatableRemove("squares", $0) }])
  }
  try await example("Line chart") {
    putChart(
      .line, [ChartSeries("2025", [(1, 2), (2, 3), (3, 5)]), ChartSeries("2026", [(1, 3), (2, 5), (3, 4)])],
      title: "Visitors", xLabel: "month", yLabel: "thousands", height: 240)
  }
  try await example("Bar chart") {
    putChart(.bar, [ChartSeries("Votes", ["Tea": 12, "Coffee": 9, "Water": 4])], height: 220)
  }
  try await example("Area and scatter") {
    putChart(.area, [ChartSeries("Area", [(0, 1), (1, 3), (2, 2)])], height: 180)
    putChart(.scatter, [ChartSeries("Points", [(0, 1), (1, 3), (2, 2), (2.5, 2.5)])], height: 180)
  }
  try await example("Your own widget") {
    putWidget("<ul>{{#names}}<li>{{.}}</li>{{/names}}</ul>", ["names": ["Ada", "Bob"]])
  }
}
