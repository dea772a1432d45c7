import WebIO

// Each page of the gallery is an app of its own. Every example shows what it does, and its code beside it.
try await startServer([
  Application("text", title: "Text and pictures", text),
  Application("layout", title: "Layout", layout),
  Application("data", title: "Tables and charts", data),
  Application("live", title: "Things that change", live),
  Application("inputs", title: "Questions", inputs),
  Application("pins", title: "Inputs that stay", pins),
])
