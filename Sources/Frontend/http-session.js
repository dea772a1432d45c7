// PyWebIO's HTTP transport: the page asks for commands at an interval and posts its events. Loaded only when the configuration says
// "http": for servers behind something that cannot pass a WebSocket. Same outside as WebSocketSession.

const resendAfter = 2000;      // milliseconds

class HTTPSession {
  constructor(core, hooks) {
    this.core = core;
    this.hooks = hooks;
    this.state = "connecting";
    this.id = `NEW-${Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => (byte % 36).toString(36)).join("")}`;
    this.lastBatch = -1;
    this.events = [];
    this.nextEvent = 0;
    this.createHooks = [];
    this.closeHooks = [];
  }

  start() { this.pull(); }

  get isOver() { return this.state === "ended" || this.state === "gone"; }

  address(extra) {
    const override = new URLSearchParams(location.search).get("pywebio_api");
    const url = new URL(override || location.pathname, location.href);
    url.search = "";
    url.hash = "";
    for (const [name, value] of Object.entries({ app: this.core.config.app, ack: this.lastBatch, ...extra })) url.searchParams.set(name, value);
    return url.href;
  }

  async pull() {
    clearTimeout(this.pullTimer);
    if (this.isOver || this.isPulling) return;
    this.isPulling = true;
    try {
      await this.exchange(await fetch(this.address(), { headers: { "webio-session-id": this.id }, cache: "no-store" }));
    } catch (error) { this.lost(error); }
    this.isPulling = false;
    if (!this.isOver) this.pullTimer = setTimeout(() => this.pull(), this.state === "lost" ? 3000 : this.core.settings.pullInterval);
  }

  async exchange(response) {
    if (!response.ok) throw new Error(`status ${response.status}`);
    const answer = await response.json();
    if (this.id.startsWith("NEW-")) {
      this.id = this.id.slice(4);
      this.createHooks.splice(0).forEach((hook) => hook());
    }
    this.id = response.headers.get("webio-session-id") || this.id;
    this.enter("open");
    if (answer.ack !== undefined) this.events = this.events.filter((event) => event.number > answer.ack);
    const batches = answer.commands || [];
    batches.forEach((batch, i) => {
      const number = answer.seq + i;
      if (number <= this.lastBatch) return;
      this.lastBatch = number;
      this.hooks.commands(batch, 0);
    });
  }

  lost() { if (!this.isOver) this.enter("lost"); }

  enter(state) {
    if (this.state === state) return;
    this.state = state;
    this.hooks.state(state);
  }

  send(event, files) {
    if (this.isOver) { this.hooks.state("refusing"); return; }
    const binary = files && files.length ? this.core.binaryFrame(JSON.stringify(event), files) : null;
    this.events.push({ number: this.nextEvent, event, binary });
    this.nextEvent += 1;
    this.push();
  }

  // Everything unanswered in one request, up to the first event with files; such an event goes alone.
  async push() {
    clearTimeout(this.pushTimer);
    if (this.isPushing || this.isOver || this.events.length === 0) return;
    this.isPushing = true;
    const [first] = this.events;
    const run = first.binary ? [first] : this.events.slice(0, this.events.findIndex((event) => event.binary) < 0 ? undefined : this.events.findIndex((event) => event.binary));
    const body = first.binary || JSON.stringify(run.map((entry) => entry.event));
    if (first.binary) this.hooks.progress(0);
    let delay = 0;
    try {
      await this.exchange(await fetch(this.address({ seq: first.number }), {
        method: "POST", body, headers: { "webio-session-id": this.id, "content-type": first.binary ? "application/octet-stream" : "application/json" },
      }));
      if (this.events.length && this.events[0].number === first.number) delay = resendAfter;
    } catch (error) {
      this.lost(error);
      delay = resendAfter;
    }
    this.isPushing = false;
    if (first.binary) this.hooks.progress(null);
    if (this.events.length) this.pushTimer = setTimeout(() => this.push(), delay);
  }

  handled() {}

  end() {
    clearTimeout(this.pullTimer);
    this.enter("ended");
    this.closeHooks.splice(0).forEach((hook) => hook());
  }

  on_session_create(hook) { this.createHooks.push(hook); }
  on_session_close(hook) { this.closeHooks.push(hook); }
  send_message(event) { this.send({ event: event.event, task_id: event.task_id, data: event.data }); }
  close_session() { this.end(); }
  closed() { return this.isOver; }
  get webio_session_id() { return this.id; }
}

export function makeSession(core, hooks) {
  return new HTTPSession(core, hooks);
}
