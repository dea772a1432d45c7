import Foundation
import TestSupport
import Testing
import WebIOHTTP

@testable import WebIO

extension PageEndToEnd {
  @Suite struct UploadTests {
    private func largeFile(_ name: String, _ directory: TemporaryDirectory) throws -> Data {
      var generator = SystemRandomNumberGenerator()
      var data = Data(capacity: 48 << 20)
      for _ in 0..<(48 << 20) / 8 { withUnsafeBytes(of: generator.next()) { data.append(contentsOf: $0) } }
      try data.write(to: URL(fileURLWithPath: directory.file(name)))
      return data
    }

    @Test func filesOfAPinAreFetched() async throws {
      let directory = try TemporaryDirectory("webio-page")
      try directory.write("a.txt", "first")
      try directory.write("b.txt", "the second")
      let browser = try await open {
        try putFileUpload("papers", label: "Papers", accept: [".txt"], multiple: true, maxSize: 1 << 20)
        pin.onChange("papers") { _ in
          for file in try await pin.files("papers") {
            putText("\(file.filename): \(String(decoding: try await file.bytes(), as: UTF8.self))")
          }
        }
        putText("at first \(try await pin.files("papers").count), elsewhere \(try await pin.files("none").count)")
        hold()
      }
      try await browser.waitForText("at first 0, elsewhere 0")
      try await browser.type("\(directory.file("a.txt"))\n\(directory.file("b.txt"))", into: "input[type=file]")
      try await browser.waitForText("a.txt: first")
      try await browser.waitForText("b.txt: the second")
      try await browser.screenshot("page-file-pin")
    }

    @Test func aLargeFileSurvivesALostLink() async throws {
      let directory = try TemporaryDirectory("webio-page")
      let data = try largeFile("film.bin", directory)
      let saved = directory.file("saved.bin")
      let browser = try await open {
        let (name, file) = try await inputGroup(
          "Film", .input("Title", name: "title", validate: { $0.isEmpty ? "A title, please" : nil }),
          .file("File", name: "file", maxSize: 100 << 20, required: true))
        try await file?.save(to: saved)
        putText("\(name): \(file?.filename ?? "?"), \(file?.size ?? 0)")
        hold()
      }
      // The link is lost at each quarter.
      _ = try await browser.run(
        """
        window.__cuts = 0;
        const session = WebIO._state.CurrentSession;
        const bar = document.querySelector("progress");
        const watch = () => {
          if (bar.value > (__cuts + 1) / 4 && session.state === "open") { __cuts += 1; session.ws.close(); }
          if (__cuts < 3) setTimeout(watch, 1);
        };
        watch();
        """)
      try await browser.type(directory.file("film.bin"), into: "input[type=file]")
      try await browser.press(button: "Submit")
      try await browser.waitForText("A title, please")
      #expect(try await browser.run("return __cuts").int == 3)
      // The refused answer's file is not sent again.
      _ = try await browser.run(
        "WebIO._state.CurrentSession.ws.send = ((send) => function (data) { window.__most = Math.max(window.__most ?? 0, data.byteLength ?? data.length); return send.call(this, data); })(WebSocket.prototype.send)"
      )
      try await browser.type("Metropolis", into: "[name=title]")
      try await browser.press(button: "Submit")
      try await browser.waitForText("Metropolis: film.bin, \(data.count)")
      #expect(try await browser.run("return __most < 1000").bool == true)
      #expect(try Data(contentsOf: URL(fileURLWithPath: saved)) == data)
      try await browser.expectNoProblems()
    }

    @Test func anUploadCanBeStopped() async throws {
      let directory = try TemporaryDirectory("webio-page")
      _ = try largeFile("film.bin", directory)
      try directory.write("small.txt", "small")
      let browser = try await open {
        let files = try await filesUpload("Files", maxSize: 100 << 20)
        putText(files.map { "\($0.filename) \($0.size)" }.joined(separator: ", "))
        hold()
      }
      // Holds the pieces back, so that there is time to look.
      _ = try await browser.run(
        """
        const session = WebIO._state.CurrentSession;
        const send = session.ws.send;
        let pieces = 0;
        session.ws.send = (data) => { if (typeof data === "string" || (pieces += 1) < 40) send.call(session.ws, data); };
        """)
      try await browser.type(directory.file("film.bin"), into: "input[type=file]")
      try await browser.press(button: "Submit")
      try await browser.wait("a part is there", "document.querySelector('progress').value > 0.15")
      try await browser.picture("upload")
      try await browser.expectAccessible()
      try await browser.click(".w-uploading .w-close")
      try await browser.wait(
        "the form can be used",
        "!document.querySelector('form.w-busy') && !document.querySelector('.w-uploading').checkVisibility()")
      try await browser.click(".w-files .w-close")
      _ = try await browser.run("delete WebIO._state.CurrentSession.ws.send")
      try await browser.type(directory.file("small.txt"), into: "input[type=file]")
      try await browser.press(button: "Submit")
      try await browser.waitForText("small.txt 5")
      try await browser.expectNoProblems()
    }

    @Test func aFileThatChangesMeanwhileIsNamed() async throws {
      let directory = try TemporaryDirectory("webio-page")
      let browser = try await open {
        _ = try await fileUpload("File", maxSize: 100 << 20)
        hold()
      }
      let path = directory.file("notes.txt")
      try directory.write("notes.txt", String(repeating: "x", count: 1000))
      try await browser.type(path, into: "input[type=file]")
      try FileManager.default.removeItem(atPath: path)
      try await browser.press(button: "Submit")
      try await browser.waitForText("can no longer be read")
      #expect(try await browser.count("form.w-busy") == 0)
    }
  }
}
