import WebIO

// Each page of the gallery is an app of its own. Every example shows what it does, and its code beside it.
try await startServer([
  Application("text", title: "Text and pictures", description: "Markdown, code, cleaned HTML, pictures, sound and film.", text),
  Application("layout", title: "Layout", description: "Rows, grids, tabs, boxes, and scopes for output to go to.", layout),
  Application("data", title: "Tables and charts", description: "Tables, charts, a widget of your own.", data),
  Application("live", title: "Things that change", description: "Buttons, progress, popups, toasts, a log.", live),
  Application("inputs", title: "Questions", description: "Every kind of question, with its answer's type.", inputs),
  Application("pins", title: "Inputs that stay", description: "Fields beside the output, to be read at any time.", pins),
])
