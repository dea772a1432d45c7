import WebIO

func live() async throws {
  heading("Things that change")
  try await example("Buttons") {
    putButton("One") { toast("You clicked", color: .success) }
    putButtons(["Yes", "No"], small: true) { toast("You said \($0)") }
    putButton("Not now", color: .secondary, disabled: true) {}
  }
  try await example("What a put returns") {
    let status = putText("Waiting")
    putButton("Go on") { status.update(.markdown("**Done**")) }
  }
  try await example("Progress") {
    try putProgressBar("bar", value: 0.3, label: "Nearly a third")
    putButton("Further") { setProgressBar("bar", 0.8) }
  }
  try await example("Loading") {
    putLoading()
    putLoading(shape: .grow, color: .primary)
  }
  try await example("Popup") {
    putButton("Open") { popup("A window", ["Over the page", .button("Close") { closePopup() }]) }
  }
  try await example("Toasts") {
    putButton("Warn") { toast("Careful!", duration: 4, position: .right, color: .warn) }
  }
  try await example("Log") {
    try putLogbox("log", height: 100)
    logboxAppend("log", "12:00 started\n12:01 still running\n")
  }
  try await example("JavaScript") {
    putButton("How wide is the page?") { putText(try await evalJS("innerWidth").int ?? 0) }
  }
}
