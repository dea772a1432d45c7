// Files on their way to the server's disk, in pieces: a piece is read from the file, sent, and forgotten. Not more than a window's worth
// is under way; what the server has acknowledged is written, and after a lost link the rest follows from there.

const textEncoder = new TextEncoder();

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => (byte % 36).toString(36)).join("");
}

// Two segments of an 8-byte big-endian length and as many bytes: the event and the piece.
function chunkFrame(id, offset, bytes) {
  const head = textEncoder.encode(JSON.stringify({ event: "upload_chunk", data: { id, offset } }));
  const frame = new Uint8Array(16 + head.length + bytes.byteLength);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, BigInt(head.length));
  frame.set(head, 8);
  view.setBigUint64(8 + head.length, BigInt(bytes.byteLength));
  frame.set(new Uint8Array(bytes), 16 + head.length);
  return frame;
}

class Uploads {
  constructor(session, task, report) {
    this.session = session;
    this.task = task;
    this.report = report;
    this.current = null;
    session.uploads = this;
  }

  // One file; the promise gives its id, or fails with a sentence.
  send(file, name, { chunk, window }) {
    return new Promise((resolve, reject) => {
      this.current = { id: randomId(), file, name, chunk, window, sent: 0, written: 0, isWaiting: true, round: 0, isReading: false, resolve, reject };
      this.announce();
    });
  }

  announce() {
    const { id, name, file } = this.current;
    this.session.send({
      event: "upload_start", task_id: this.task,
      data: { id, name, filename: file.name, size: file.size, mime_type: file.type, last_modified: file.lastModified / 1000 },
    });
  }

  acknowledged({ id, offset, done, error }) {
    const upload = this.current;
    if (!upload || upload.id !== id) return;
    if (error) { this.fail(error); return; }
    if (upload.isWaiting) {
      upload.isWaiting = false;
      upload.sent = offset;
    }
    upload.written = offset;
    this.report(offset);
    if (done) { this.current = null; upload.resolve(id); } else this.pump(upload);
  }

  // Reads one piece at a time. `round` tells a piece that was read for a link which is lost.
  async pump(upload) {
    if (upload.isReading) return;
    upload.isReading = true;
    try {
      while (upload === this.current && !upload.isWaiting && upload.sent < upload.file.size && upload.sent - upload.written < upload.window) {
        const { round, sent } = upload;
        const bytes = await upload.file.slice(sent, sent + upload.chunk).arrayBuffer();
        if (upload !== this.current || round !== upload.round || upload.isWaiting) continue;
        // A file that shrank meanwhile has nothing more to read.
        if (bytes.byteLength === 0) throw new Error("the file has changed");
        if (!this.session.canSend) return;
        this.session.ws.send(chunkFrame(upload.id, sent, bytes));
        upload.sent += bytes.byteLength;
      }
    } catch {
      if (upload === this.current) this.fail(null);
    } finally {
      upload.isReading = false;
    }
  }

  // The link is there again: the server says from where to go on.
  reconnected() {
    if (!this.current) return;
    this.current.isWaiting = true;
    this.current.round += 1;
    this.announce();
  }

  fail(sentence) {
    const upload = this.current;
    if (!upload) return;
    this.current = null;
    this.forget(upload.id);
    upload.reject({ sentence, name: upload.name, fileName: upload.file.name });
  }

  forget(id) { this.session.send({ event: "upload_cancel", task_id: this.task, data: { id } }); }
}

// Sends the files of `fields` and gives their ids by field. `sent` has the ids of files that are on the server already.
// `control` gets a function that stops it.
export async function sendFiles({ session, task, fields, sent, progress, control }) {
  const files = fields.flatMap((field) => field.files());
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  let before = 0;
  const uploads = new Uploads(session, task, (offset) => progress(before + offset, total));
  control.cancel = () => uploads.fail("");
  for (const [file, id] of sent) {
    if (files.some((other) => other.file === file)) continue;
    uploads.forget(id);
    sent.delete(file);
  }
  try {
    const ids = {};
    progress(0, total);
    for (const field of fields) {
      ids[field.name] = [];
      for (const { file } of field.files()) {
        if (!sent.has(file)) sent.set(file, await uploads.send(file, field.name, field.spec.upload));
        ids[field.name].push(sent.get(file));
        before += file.size;
        progress(before, total);
      }
    }
    return ids;
  } finally {
    if (session.uploads === uploads) session.uploads = null;
    control.cancel = null;
  }
}
