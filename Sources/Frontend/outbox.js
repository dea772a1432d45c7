// Events on their way to the server. Each gets a number and stays here until the server has acknowledged it, so that a lost link
// loses no answer; after a reconnect everything unacknowledged goes out again and the server skips what it has seen.

export class Outbox {
  constructor() {
    this.waiting = [];
    this.lastNumber = 0;
    // "unknown" until the server shows what it is: PyWebIO's own server never acknowledges, there nothing may pile up.
    this.peer = "unknown";
  }

  // Adds an event; its frame is text, or a Blob when files travel with it.
  add(event, files) {
    this.lastNumber += 1;
    const text = JSON.stringify({ ...event, n: this.lastNumber });
    const frame = files && files.length ? binaryFrame(text, files) : text;
    const entry = { number: this.lastNumber, frame, sent: false };
    this.waiting.push(entry);
    return entry;
  }

  acknowledge(number) {
    this.waiting = this.waiting.filter((entry) => entry.number > number);
  }

  // What a new connection has to carry: all that is unacknowledged, or, for a server that never acknowledges, what never left.
  pending() {
    return this.peer === "plain" ? this.waiting.filter((entry) => !entry.sent) : this.waiting;
  }

  markSent(entry) {
    entry.sent = true;
    if (this.peer === "plain") this.waiting = this.waiting.filter((other) => other !== entry);
  }

  learnPeer(kind) {
    if (this.peer !== "unknown") return;
    this.peer = kind;
    if (kind === "plain") this.waiting = this.waiting.filter((entry) => !entry.sent);
  }
}

// Segments of an 8-byte big-endian length and as many bytes: the event, then for each file its header and its contents.
export function binaryFrame(eventText, files) {
  const encoder = new TextEncoder();
  const parts = [];
  const addSegment = (body, size) => {
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(size));
    parts.push(length.buffer, body);
  };
  const addText = (text) => {
    const bytes = encoder.encode(text);
    addSegment(bytes, bytes.length);
  };
  addText(eventText);
  for (const { file, name } of files) {
    addText(JSON.stringify({
      filename: file.name, size: file.size, mime_type: file.type, last_modified: file.lastModified / 1000, input_name: name,
    }));
    addSegment(file, file.size);
  }
  return new Blob(parts);
}
