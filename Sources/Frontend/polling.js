// A socket made of HTTP requests, for where something on the way lets no WebSocket pass: it looks like a WebSocket from outside, so the
// session on top of it is the same. One GET waits for messages at all times, POSTs bring events one after the other. Loaded only when
// it is needed. What fails is not tried again here: the socket closes, and the session comes back as it does after any lost link.

// PyWebIO's own server answers at once; it is asked at an interval, and knows what it has sent when it is asked again.

const patience = 60000;      // milliseconds for one request
const atOnce = 500;          // milliseconds; an empty answer that came sooner was not waited for
const retryPause = 1000;
const retries = 10;

// What a server of ours sends without a number.
const ofConnection = new Set(["set_session_id", "event_ack", "upload_ack", "close_session"]);

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export class PollingSocket {
  constructor(address, settings) {
    this.settings = settings;
    this.url = new URL(address);
    this.url.protocol = this.url.protocol.replace(/^ws/, "http");
    this.readyState = 0;
    this.bufferedAmount = 0;
    this.id = `NEW-${Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => (byte % 36).toString(36)).join("")}`;
    this.lastBatch = -1;
    this.nextEvent = 0;
    this.queue = [];
    this.aborter = new AbortController();
    this.onopen = this.onmessage = this.onclose = () => {};
    // The callbacks are set after this.
    queueMicrotask(() => this.pull());
  }

  async request(extra, options) {
    const url = new URL(this.url);
    for (const [name, value] of Object.entries({ ack: this.lastBatch, ...extra })) url.searchParams.set(name, value);
    const timer = setTimeout(() => this.aborter.abort(), patience);
    try {
      const response = await fetch(url, {
        ...options, headers: { ...options.headers, "webio-session-id": this.id }, cache: "no-store", signal: this.aborter.signal,
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return await response.json();
    } finally { clearTimeout(timer); }
  }

  // A server that keeps what was not acknowledged can be asked again.
  async insist(extra, options) {
    for (let left = this.isPlain ? retries : 0; ; left -= 1) {
      try { return await this.request(extra, options); } catch (error) { if (left <= 0 || this.readyState > 1) throw error; }
      await pause(retryPause);
    }
  }

  async pull() {
    try {
      while (this.readyState < 2) {
        const start = performance.now();
        const answer = await this.insist({}, {});
        this.take(answer);
        if (this.readyState < 2 && !answer.commands.length && performance.now() - start < atOnce) await pause(this.settings.pullInterval);
      }
    } catch { this.ended(1006); }
  }

  take(answer) {
    if (this.readyState > 1) return;
    if (this.readyState === 0) {
      this.id = this.id.replace(/^NEW-/, "");
      this.stay(this.url.searchParams.get("session"));
      for (const name of ["page", "received", "generation"]) this.url.searchParams.delete(name);
      // An id that the server does not know is no connection.
      if (!answer.close || answer.commands.length) {
        this.readyState = 1;
        this.onopen();
      }
    }
    (answer.commands || []).forEach((batch, i) => {
      if (answer.seq + i <= this.lastBatch) return;
      this.lastBatch = answer.seq + i;
      for (const message of batch) {
        if (message.command === "set_session_id") this.stay(message.spec);
        if (!Array.isArray(message) && !ofConnection.has(message.command)) this.isPlain = true;
        if (this.readyState === 1) this.onmessage({ data: message });
      }
    });
    if (answer.close) this.ended(answer.close);
  }

  // A proxy before several servers finds in each request the name of the one that has the session. The rest of the id stays out of logs.
  stay(session) {
    const [name, secret] = session.split(".");
    if (secret) this.url.searchParams.set("session", `${name}.`);
    else this.url.searchParams.delete("session");
  }

  // `data` is text or a Blob, as with a WebSocket.
  send(data) {
    this.bufferedAmount += data.size ?? data.length;
    this.queue.push(data);
    if (!this.isPushing) this.push();
  }

  // Texts that wait go together; bytes go alone.
  async push() {
    this.isPushing = true;
    try {
      while (this.queue.length && this.readyState === 1) {
        const isText = typeof this.queue[0] === "string";
        const firstBinary = this.queue.findIndex((data) => typeof data !== "string");
        const run = isText ? this.queue.slice(0, firstBinary < 0 ? undefined : firstBinary) : [this.queue[0]];
        const answer = await this.insist({ seq: this.nextEvent }, {
          method: "POST", body: isText ? `[${run.join(",")}]` : run[0],
          headers: { "content-type": isText ? "application/json" : "application/octet-stream" },
        });
        this.nextEvent += run.length;
        this.queue.splice(0, run.length);
        this.bufferedAmount = this.queue.reduce((sum, data) => sum + (data.size ?? data.length), 0);
        this.take(answer);
      }
    } catch { this.ended(1006); }
    this.isPushing = false;
  }

  // As of a WebSocket, its end is told later.
  close() { this.ended(1000); }

  ended(code) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.aborter.abort();
    queueMicrotask(() => this.onclose?.({ code }));
  }
}
