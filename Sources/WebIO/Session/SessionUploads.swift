import WebIOHTTP
import WebIOPosix

/// Files on their way from the page to the forms of a session. See PROTOCOL.md, section 2.3.
extension Session {
  /// After a lost link the page announces again what it had not ended.
  @EventLoop func startUpload(_ event: Event) -> String? {
    if let known = event.data["id"]?.string.flatMap({ uploads[$0] }) {
      acknowledge(known, isResumed: true)
      return nil
    }
    let upload = Upload(event.data, task: event.taskID) { [weak self] in self?.acknowledge($0, isResumed: false) }
    guard let upload else { return nil }
    var refusal: String? = "There is no form for this file"
    if let standard = uploadLimit, let limits = forms.newest(of: upload.task)?.form.field(upload.field)?.limits {
      refusal = uploads.start(upload, FileLimits(one: limits.one, all: limits.all, default: standard))
    }
    if let refusal {
      var spec = Spec()
      spec.set("id", upload.id)
      spec.set("error", refusal)
      link?.acknowledge(upload: spec)
    }
    return nil
  }

  /// False for what no page of ours sends.
  @EventLoop func receive(_ chunk: UploadChunk) -> Bool {
    // What was dropped may still be on its way.
    guard let upload = uploads[chunk.id] else { return true }
    return upload.receive(at: chunk.offset, chunk.bytes)
  }

  @EventLoop private func acknowledge(_ upload: Upload, isResumed: Bool) {
    if let spec = upload.acknowledgement(isResumed: isResumed) { link?.acknowledge(upload: spec) }
  }

  /// The form is gone, and with it what was sent for it and not taken.
  func dropUploads(of task: String) { EventLoop.run { self.uploads.drop(task: task) } }
}
