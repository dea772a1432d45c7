// swift-format-ignore-file
import WebIO

// The Swift forms of MigratingFromPyWebIO.md, so that each is known to compile. They are not called.

func migrated1() async throws { let age = try await input("Age", type: .number); _ = (age) }
func migrated2() async throws { let day = try await input("Day", type: .date); _ = (day) }
func migrated3() async throws { let name = try await input("Name", required: true, datalist: ["Ada"], help: "First name", validate: { $0.count < 2 ? "Too short" : nil }); _ = (name) }
func migrated4() async throws { let story = try await textarea("Story", rows: 10, maxLength: 500); _ = (story) }
func migrated5() async throws { let size = try await select("Size", ["S", "M"]); _ = (size) }
func migrated6() async throws { let sizes = try await selectMultiple("Sizes", options: [Option("S", 1), Option("M", 2)]); _ = (sizes) }
func migrated7() async throws { let extras = try await checkbox("Extras", ["milk", "sugar"], inline: true); _ = (extras) }
func migrated8() async throws { let colour = try await radio("Colour", ["red", "blue"]); _ = (colour) }
func migrated9() async throws { let level = try await slider("Level", value: 3, min: 0, max: 10); _ = (level) }
func migrated10() async throws { let answer = try await actions("Sure?", buttons: [.submit("Yes", true), .cancel("No")]); _ = (answer) }
func migrated11() async throws { let photo = try await fileUpload("Photo", accept: ["image/*"]); _ = (photo) }
func migrated12() async throws { let (first, second) = try await inputGroup("Two", .input("First"), .input("Second", type: .float)); _ = (first, second) }
func migrated13() async throws { try inputUpdate("city", options: ["Bergen", "Oslo"]) }
func migrated14() async throws { putText("Born", 1815, separator: " ", inline: true) }
func migrated15() async throws { putMarkdown("**bold**") }
func migrated16() async throws { putHTML("<b>x</b>", sanitize: false) }
func migrated17() async throws { putCode("let x = 1", language: "swift", rows: 10) }
func migrated18() async throws { putInfo("text", .markdown("*more*"), closable: true) }
func migrated19() async throws { putTable([["Name", "Do"], ["Ada", .button("Greet") { toast("Hello") }]]) }
func migrated20() async throws { putTable(records: [["name": "Ada"]], columns: ["Name": "name"]) }
func migrated21() async throws { putTable([[Content.text("wide").spanning(columns: 2)], ["a", "b"]]) }
func migrated22() async throws { putButton("Again", color: .danger, style: .outline) { putText("again") } }
func migrated23() async throws { putButtons(items: [ButtonItem("Edit", 1), ButtonItem("Delete", 2, color: .danger)], grouped: true) { putText($0) } }
func migrated24() async throws { putButtons(actions: ["Save": { putText("saved") }, "Leave": { putText("left") }]) }
func migrated25() async throws { putLink("Swift", url: "https://swift.org", newWindow: true) }
func migrated26() async throws { putImage(url: "/static/a.png", title: "A", width: "80px") }
func migrated27() async throws { putFile("a.txt", Array("text".utf8), label: "Save") }
func migrated28() async throws { try putProgressBar("bar", value: 0.1); setProgressBar("bar", 0.5) }
func migrated29() async throws { try await putLoading(shape: .grow) { try await Task.sleep(for: .seconds(1)) } }
func migrated30() async throws { putCollapse("More", ["inside"], open: true) }
func migrated31() async throws { putScrollable(["long"], height: 300, minHeight: 100, keepBottom: true) }
func migrated32() async throws { putTabs(["One": ["first"], "Two": [.markdown("second")]]) }
func migrated33() async throws { putWidget("<i>{{name}}</i>", ["name": "Ada"]) }
func migrated34() async throws { putRow(["a", nil, .column(["b", "c"])], sizes: "1fr 10px 2fr") }
func migrated35() async throws { putGrid([["a", nil], [Content.text("b").spanning(columns: 2)]], columns: "1fr 2fr") }
func migrated36() async throws { try putScope("log", ["first"]) }
func migrated37() async throws { try putDatatable([["id": 1]], name: "t", id: "id", actions: [DatatableAction("Delete") { datatableRemove("t", $0) }]) }
func migrated38() async throws { datatableUpdate("t", row: 1, field: "id", value: 2) }
func migrated39() async throws { datatableInsert("t", [["id": 3]], before: 1); datatableRemove("t", [3]) }
func migrated40() async throws { popup("Title", ["text"], size: .large, closable: false); closePopup() }
func migrated41() async throws { toast("Saved", duration: 0, position: .right, color: .success) { putText("clicked") } }
func migrated42() async throws { try useScope("log", clear: true) { putText("inside") } }
func migrated43() async throws { try setScope("log", container: "ROOT", position: .top, ifExists: .clear) }
func migrated44() async throws { let outer = currentScope(depth: 1); _ = (outer) }
func migrated45() async throws { clear("log"); scrollTo("log", position: .bottom); try remove("log") }
func migrated46() async throws { put(Content.text("red").style("color: red").onClick { putText("clicked") }) }
func migrated47() async throws { let shown = put(.text("now"), scope: "ROOT", position: 0); _ = (shown) }
func migrated48() async throws { let place = putText("old"); place.update("new"); place.remove(); _ = (place) }
func migrated49() async throws { try putInput("age", type: .number, label: "Age", value: 3) }
func migrated50() async throws { try putSelect("size", options: ["S", "M"], label: "Size") }
func migratedFilePin() async throws { try putFileUpload("photo", accept: ["image/*"]); let photo = try await pin.files("photo").first; _ = (photo) }
func migrated51() async throws { try putSlider("level", value: 3, in: 0...10); try putActions("do", buttons: ["Go"]) }
func migrated52() async throws { let size = try await pin.size?.string; _ = (size) }
func migrated53() async throws { let age = try await pin("age", as: Int.self); _ = (age) }
func migrated54() async throws { pin.set("age", 4) }
func migrated55() async throws { let values = try await pin.values(["age", "size"]); _ = (values) }
func migrated56() async throws { let change = try await pin.waitChange("age", "size", timeout: 5); _ = (change) }
func migrated57() async throws { pin.update("size", label: "Sizes", options: ["L"]) }
func migrated58() async throws { pin.onChange("size", clear: true, runNow: true) { putText($0.string ?? "") } }
func migrated59() async throws { local.count = 1 }
func migrated60() async throws { local.remove("count"); let names = local.names; _ = (names) }
func migrated61() async throws { let isPhone = try info.userAgent.isMobile; _ = (isPhone) }
func migrated62() async throws { setEnv(title: "Title", outputAnimation: false, autoScrollBottom: true, outputMaxWidth: "90%") }
func migrated63() async throws { let width = try await evalJS("innerWidth + more", ["more": 1]).int; _ = (width) }
func migrated64() async throws { goApp("menu", newWindow: false) }
func migrated65() async throws { download("a.txt", Array("text".utf8)) }
func migrated66() async throws { deferCall { print("left") } }
func migrated67() async throws { hold() }
func migrated68() async throws { let task = try runAsync { putText("beside") }; _ = (task) }
func migrated69() async throws { async let later = input("Beside?"); _ = try await later }
func migrated70() async throws { try runThread { putText(try input("In a thread?")) } }
func migrated71() async throws { _ = Application("bmi", title: "Body mass index", description: "Two numbers") { putText("app") } }
func migrated72() async throws { let language = try await query("lang"); _ = (language) }
func migrated73() async throws { setCookie("theme", "dark", maxAge: .seconds(3600)); let theme = try await cookie("theme"); _ = (theme) }
func migrated74() async throws { setLocalStorage("seen", "yes"); let seen = try await localStorage("seen"); _ = (seen) }
func migrated75() async throws { try await redirectStdout { try await Task.sleep(for: .seconds(1)); print("shown") } }
func migrated76() async throws { try putLogbox("box", height: 200); logboxAppend("box", "line\n"); logboxClear("box") }
func migrated77() async throws { putVideo(url: "/static/a.mp4", loop: true) }
func migrated78() async throws { try await popup("Sure?") { putText(try await actions("", ["Yes", "No"])) } }
func migrated79() async throws { try setScope("anchor") }
func migrated80() async throws { try useScope("anchor", clear: true) { putText("in its place") } }
func migrated81() async throws { try setScope("before-it", position: 0) }
func migrated82() async throws { for part in ["head", "middle"] { clear(part) } }
func migrated83() async throws { putScrollable([.scope("page")], height: 600, keepBottom: true) }
func migrated84() async throws { setEnv(title: "Title", autoScrollBottom: true) }
func migrated85() async throws { putTable([["Do"], [.buttons(["Edit", "Delete"]) { putText($0) }]]) }
func migrated86() async throws { let word = try await input("Word", validate: { $0.isEmpty ? "Say it" : nil }); _ = (word) }
