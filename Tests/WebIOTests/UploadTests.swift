import Glibc
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// Files that come in pieces, and what may go wrong with them.
@EventLoop @Suite(.serialized, .timeLimit(.minutes(5))) struct UploadTests {
  private let limit = 64 << 20

  private func form(maxSize: Int? = nil, maxTotalSize: Int? = nil) async throws -> (TestPage, task: String) {
    let page = try await TestPage.on(
      reconnectTimeout: .zero,
      [
        Application("index") {
          for file in try await filesUpload("Files", maxSize: maxSize, maxTotalSize: maxTotalSize, required: true) {
            putText("\(file.filename): \(try await file.isAsSent), \(file.size)")
          }
          _ = try await input("End")
        }
      ])
    return (page, await page.form(label: "Files"))
  }

  @Test func sixtyFourMegabytesSurviveACutLink() async throws {
    let server = try serve([
      Application("index") {
        if let file = try await fileUpload("File", maxSize: 64 << 20) {
          putText("\(file.filename): \(try await file.isAsSent), \(file.size)")
        }
        _ = try await input("End")
      }
    ])
    let page = TestPage()
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    let task = await page.form(label: "File")
    #expect(page.spec("input_group")?["inputs"]?[0]?["upload"]?["window"]?.int == Upload.window)
    page.announce("u1", "data", size: limit, task: task)
    _ = await page.acknowledged("u1")
    await page.sendPieces("u1", from: 0, to: limit / 3)
    // These may or may not arrive.
    page.sendPiece("u1", limit / 3 + 1 << 18)
    let id = try #require(page.sessionID)
    page.drop()

    let again = TestPage()
    let query = "app=index&session=\(id)&webio=1&page=a&received=\(page.lastNumber)"
    _ = try await again.open(port: server.port, query: query)
    again.continueNumbers(of: page)
    again.announce("u1", "data", size: limit, task: task)
    let offset = try #require(await again.acknowledged("u1")["offset"]?.int)
    #expect(offset > limit / 3 - Upload.window)
    await again.sendPieces("u1", from: offset, to: limit)
    await again.wait { $0.lastAcknowledgement("u1")?["done"]?.bool == true }
    again.send("from_submit", task: task, ["data": ["uploads": ["u1"]]])
    await again.waitForText("u1.bin: true, \(limit)")
    await waitForNoFiles()
  }

  @Test func whatWasSentForARefusedAnswerIsGoodForTheNext() async throws {
    let (page, task) = try await form(maxSize: 1000, maxTotalSize: 1500)
    page.announce("u1", "data", size: 900, task: task)
    _ = await page.acknowledged("u1")
    page.send("from_submit", task: task, ["data": ["uploads": ["u1"]]])
    await page.wait { $0.attributes(of: "data")?["invalid_feedback"]?.string == "Choose a file" }
    page.sendPiece("u1", 0, count: 900)
    await page.wait { $0.lastAcknowledgement("u1")?["done"]?.bool == true }
    // Limits hold while it streams, each file's and all files'.
    page.announce("u2", "data", size: 1001, task: task)
    await page.wait { $0.lastAcknowledgement("u2")?["error"]?.string == "The file is larger than 1000 bytes" }
    page.announce("u3", "data", size: 601, task: task)
    await page.wait {
      $0.lastAcknowledgement("u3")?["error"]?.string == "Together the files are larger than 1500 bytes"
    }
    page.announce("u4", "data", size: 600, task: task)
    _ = await page.acknowledged("u4")
    page.send("upload_cancel", task: task, ["id": "u4"])
    page.announce("u5", "data", size: 0, task: task)
    await page.wait { $0.lastAcknowledgement("u5")?["done"]?.bool == true }
    page.send("from_submit", task: task, ["data": ["uploads": ["u1", "u5"]]])
    await page.waitForText("u1.bin: true, 900")
    await page.waitForText("u5.bin: true, 0")
    await waitForNoFiles()
  }

  @Test func whereNoFileIsAskedForNoneIsTaken() async throws {
    let (page, task) = try await form()
    for (name, task) in [("other", task), ("data", "none-1"), ("", "")] {
      page.announce("u1", name, size: 1, task: task)
      await page.wait { $0.lastAcknowledgement("u1")?["error"] != nil }
      page.forgetCommands()
    }
    for data: JSONValue in [
      ["id": "a b", "name": "data", "filename": "f", "size": 1], ["id": "u1", "name": "data", "filename": "f", "size": -1],
      ["id": "u1", "name": "data", "filename": "f", "size": 1.5], ["id": "u1", "name": "data", "size": 1], nil, [], "u1",
    ] { page.send("upload_start", task: task, data) }
    page.sendPiece("u1", 0, count: 10)
    page.announce("u2", "data", size: 3, task: task)
    #expect(await page.acknowledged("u2")["offset"]?.int == 0)
    #expect(page.lastAcknowledgement("u1") == nil)
    page.drop()
  }

  /// Offset and count of a piece that no page of ours sends, of a file of 4 MiB.
  @Test(arguments: [(1, 100), (0, 300 << 10), (0, 0), (-1, 10), (1 << 62, 10)])
  func aPieceThatDoesNotFitClosesTheSocket(_ offset: Int, _ count: Int) async throws {
    let (page, task) = try await form(maxSize: 4 << 20)
    page.announce("u1", "data", size: 4 << 20, task: task)
    _ = await page.acknowledged("u1")
    page.sendPiece("u1", offset, count: count)
    if offset < 0 {
      // It may be one that came before.
      page.sendPiece("u1", 0, count: 100)
      await page.wait { $0.lastAcknowledgement("u1")?["offset"]?.int == 100 }
      page.drop()
    } else {
      await page.wait { $0.closeCode != nil }
      #expect(page.closeCode == 1008)
    }
  }

  @Test func moreThanWasAnnouncedIsRefused() async throws {
    let (page, task) = try await form()
    page.announce("u1", "data", size: 10, task: task)
    _ = await page.acknowledged("u1")
    page.sendPiece("u1", 0, count: 11)
    await page.wait { $0.closeCode != nil }
    #expect(page.closeCode == 1008)
  }

  @Test func aCutUploadLeavesNothing() async throws {
    let server = try serve(
      reconnectTimeout: .zero, [Application("index") { _ = try await fileUpload("File", maxSize: 8 << 20) }])
    let page = TestPage()
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    let task = await page.form(label: "File")
    page.announce("u1", "data", size: 8 << 20, task: task)
    _ = await page.acknowledged("u1")
    await page.sendPieces("u1", from: 0, to: 3 << 20)
    #expect(openFiles() > 0)
    page.drop()
    await waitForNoFiles()
  }

  @Test func aRefreshedPageBeginsAnew() async throws {
    let server = try serve([Application("index") { _ = try await fileUpload("File") }])
    let page = TestPage()
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    let task = await page.form(label: "File")
    page.announce("u1", "data", size: 1000, task: task)
    _ = await page.acknowledged("u1")
    let id = try #require(page.sessionID)
    let again = TestPage()
    _ = try await again.open(port: server.port, query: "app=index&session=\(id)&webio=1&page=b&received=0")
    await waitForNoFiles()
  }

  /// One message, as pages without the [W] protocol send it.
  @Test func aPlainClientSendsOneMessage() async throws {
    let server = try serve([
      Application("index") {
        if let file = try await fileUpload("File") { putText("\(file.filename): \(try await file.isAsSent)") }
        _ = try await input("End")
      }
    ])
    let page = TestPage()
    _ = try await page.open(port: server.port, query: "app=index&session=NEW")
    let task = await page.form(label: "File")
    #expect(page.spec("input_group")?["inputs"]?[0]?["upload"] == nil)
    page.announce("u1", "data", size: 10, task: task)
    await page.wait { $0.lastAcknowledgement("u1")?["error"] != nil }
    let event: JSONValue = ["event": "from_submit", "task_id": .string(task), "data": ["data": nil]]
    page.sendRaw(
      segment(event.serialized) + segment(Array(#"{"filename":"../x.bin","input_name":"data","size":5000}"#.utf8))
        + segment(pattern(0, 5000)))
    await page.waitForText("x.bin: true")
  }

  @Test func aFullDiskIsToldAndTheSessionLives() async throws {
    // Refused before anything is sent.
    let (page, task) = try await form(maxSize: 1 << 60, maxTotalSize: 1 << 60)
    page.announce("u1", "data", size: 1 << 59, task: task)
    await page.wait {
      $0.lastAcknowledgement("u1")?["error"]?.string == "There is not enough room for the file on the server"
    }
    page.drop()
    // It filled up meanwhile.
    let description: JSONValue = ["id": "u2", "name": "data", "filename": "f", "size": 1000]
    let (file, done) = AsyncStream.makeStream(of: String.self)
    let upload = try #require(Upload(description, task: task) { done.yield($0.failure ?? "open") })
    upload.start { TemporaryFile(descriptor: open("/dev/full", O_RDWR)) }
    var steps = file.makeAsyncIterator()
    var step = await steps.next()
    if step == "open" {
      #expect(pattern(0, 100).withUnsafeBytes { upload.receive(at: 0, $0) })
      step = await steps.next()
      #expect(step == "There is no room left for the file on the server")
    }
    #expect(upload.result == nil)
    // And where nothing can be written at all.
    let none = try #require(Upload(description, task: task) { done.yield($0.failure ?? "open") })
    none.start { try TemporaryFile(in: "/nonexistent") }
    #expect(await steps.next() == "The server cannot store the file")
  }

  private func openFiles() -> Int {
    let names = (try? Files.list("/proc/self/fd")) ?? []
    return names.count { name in
      var target = [UInt8](repeating: 0, count: 256)
      let count = readlink("/proc/self/fd/\(name)", &target, 256)
      return count > 0 && String(decoding: target[..<count], as: UTF8.self).hasPrefix("\(TemporaryFile.directory)/#")
    }
  }

  /// The time limit of the suite is its end.
  private func waitForNoFiles() async {
    while openFiles() > 0 { await Task.yield() }
  }
}

/// The bytes of a test's file: each MiB begins with its number.
private let block: [UInt8] = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7 ^ $0) }

func pattern(_ offset: Int, _ count: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count)
  var position = offset
  while bytes.count < count {
    let place = position & (1 << 20 - 1)
    if place == 0 {
      bytes.append(UInt8(truncatingIfNeeded: position >> 20))
      position += 1
      continue
    }
    let size = min(count - bytes.count, 1 << 20 - place)
    bytes += block[place..<place + size]
    position += size
  }
  return bytes
}

extension FileUpload {
  fileprivate var isAsSent: Bool {
    get async throws {
      var offset = 0
      for try await chunk in chunks(of: 300_000) {
        guard chunk == pattern(offset, chunk.count) else { return false }
        offset += chunk.count
      }
      return offset == size
    }
  }
}

func segment(_ bytes: [UInt8]) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (56 - 8 * $0)) } + bytes
}

extension TestPage {
  func announce(_ id: String, _ name: String, size: Int, task: String) {
    send(
      "upload_start", task: task,
      ["id": .string(id), "name": .string(name), "filename": .string("\(id).bin"), "size": .int(Int64(size))])
  }

  func lastAcknowledgement(_ id: String) -> JSONValue? {
    commands.last { $0["command"]?.string == "upload_ack" && $0["spec"]?["id"]?.string == id }?["spec"]
  }

  func acknowledged(_ id: String) async -> JSONValue {
    await wait { $0.lastAcknowledgement(id) != nil }
    return lastAcknowledgement(id) ?? .null
  }

  func sendPiece(_ id: String, _ offset: Int, count: Int = 256 << 10) {
    let event: JSONValue = ["event": "upload_chunk", "data": ["id": .string(id), "offset": .int(Int64(offset))]]
    sendRaw(segment(event.serialized) + segment(pattern(max(0, offset) & 0xffff_ffff, count)))
  }

  /// As the page does it: never more than the window ahead.
  func sendPieces(_ id: String, from start: Int, to end: Int) async {
    var offset = start
    while offset < end {
      let count = min(Upload.chunkSize, end - offset)
      let needed = offset + count - Upload.window
      await wait { ($0.lastAcknowledgement(id)?["offset"]?.int ?? 0) >= needed || $0.closeCode != nil }
      if closeCode != nil { return }
      sendPiece(id, offset, count: count)
      offset += count
    }
  }
}
