import WebIO

func layout() async throws {
  heading("Layout")
  try await example("Boxes by their meaning") {
    putInfo("For your information")
    putSuccess("It worked")
    putWarning("Mind the gap", closable: true)
    putError("It did not work")
  }
  try await example("Row and column") {
    putRow([.column(["One", nil, "below"]), nil, "beside"], sizes: "1fr 10px 1fr")
  }
  try await example("Grid") {
    putGrid([["A", "B", "C"], [Content.text("two columns").spanning(columns: 2), "F"]])
  }
  try await example("Collapse") {
    try putCollapse("More", open: true) { putText("Inside") }
  }
  try await example("Scrollable") {
    try putScrollable(height: 90, keepBottom: true) {
      for line in 1...20 { putText("Line \(line)") }
    }
  }
  try await example("Tabs") {
    putTabs(["First": ["One page"], "Second": [.markdown("**Another** page")]])
  }
  try await example("Scopes") {
    try setScope("later")
    putText("Below what comes later")
    try useScope("later") { putText("Written last, shown first") }
  }
}
