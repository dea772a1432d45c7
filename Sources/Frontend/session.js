// The session over a WebSocket, or over HTTP requests that look like one (polling.js): numbered commands in, numbered events out, and
// the way back after a lost link.
// What the visitor sees of it is in status.js; here are only the states:
//   connecting -> open -> (lost -> connecting)* -> ended | gone | elsewhere | left
import { Outbox } from "./outbox.js";
import { dropDraftsOf } from "./draft.js";
import { loadPart, settings } from "./state.js";

const acknowledgeAfter = 250;      // milliseconds
const acknowledgeEvery = 500;      // commands
const openingPatience = 5000;      // milliseconds until a WebSocket that does not open is given up for HTTP requests
const slowestRetry = 5000;         // milliseconds between two attempts
const transportKey = "webio:transport";
const supersededCode = 4001;       // close code: the session continues in another tab
const outdatedCode = 4002;         // close code: the app's code is newer than this page's output

export class WebSocketSession {
  // `hooks`: commands(list), state(name), progress(fraction or null)
  constructor(config, hooks) {
    this.config = config;
    this.hooks = hooks;
    this.outbox = new Outbox();
    this.page = randomId();
    this.id = "NEW";
    this.received = 0;
    this.processed = 0;
    this.acknowledged = 0;
    this.state = "connecting";
    this.attempts = 0;
    this.createHooks = [];
    this.closeHooks = [];
    // Files that are being sent in pieces: upload.js.
    this.uploads = null;
    this.storageKey = `webio:${location.pathname}?app=${config.app}`;
    // "ws", "http", or "auto" until one of them has carried a message. A tab remembers that WebSockets do not pass.
    this.transport = config.transport === "auto" && readStored(transportKey) === "http" ? "http" : config.transport;
    this.next = this.transport === "http" ? "http" : "ws";
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    document.addEventListener("visibilitychange", () => this.wake(), { signal });
    addEventListener("online", () => this.wake(), { signal });
    addEventListener("pageshow", (event) => { if (event.persisted) this.wake(); }, { signal });
  }

  // A reload or a step back rejoins the session that this tab had; typing the address or following a link begins a new one.
  start() {
    const navigation = performance.getEntriesByType("navigation")[0];
    const stored = navigation && navigation.type !== "navigate" ? readStored(this.storageKey) : null;
    this.id = stored || "NEW";
    this.isRejoin = Boolean(stored);
    this.connect();
  }

  // Comes to a session of the server as a page does that was loaded anew.
  join(id) {
    this.id = id;
    this.connect();
  }

  // Another one takes its place in this page: from here on nothing is heard of it.
  leave() {
    this.listeners.abort();
    for (const timer of [this.retryTimer, this.openingTimer, this.acknowledgeTimer]) clearTimeout(timer);
    this.hooks = { commands() {}, state() {}, progress() {} };
    this.state = "left";
    const { ws } = this;
    this.ws = { readyState: 3, bufferedAmount: 0, close() {} };
    ws?.close();
  }

  address() {
    const override = new URLSearchParams(location.search).get("pywebio_api");
    const url = new URL(override || "", location.href);
    if (!override) url.pathname = location.pathname;
    url.protocol = url.protocol.replace(/^http/, "ws");
    url.hash = "";
    url.search = "";
    url.searchParams.set("app", this.config.app);
    url.searchParams.set("session", this.id);
    url.searchParams.set("webio", "1");
    url.searchParams.set("page", this.page);
    if (this.id !== "NEW") url.searchParams.set("received", String(this.received));
    return url.href;
  }

  async connect() {
    clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.connectedAt = performance.now();
    this.heardCommands = false;
    const isPolling = this.next === "http";
    let Socket = WebSocket;
    if (isPolling) {
      const attempt = { readyState: 0, close() {} };
      this.ws = attempt;
      try { Socket = (await loadPart("polling")).PollingSocket; } catch { Socket = null; }
      if (this.ws !== attempt) return;
      if (!Socket) { this.lost({ code: 1006 }); return; }
    }
    const socket = isPolling ? new Socket(this.address(), settings) : new Socket(this.address());
    this.ws = socket;
    if (this.transport === "auto" && !isPolling) this.openingTimer = setTimeout(() => { if (socket.readyState === 0) socket.close(); }, openingPatience);
    socket.onopen = () => { if (socket === this.ws) this.opened(); };
    socket.onmessage = (message) => { if (socket === this.ws) this.receive(message.data); };
    socket.onclose = (event) => { if (socket === this.ws) this.lost(event); };
  }

  opened() {
    clearTimeout(this.openingTimer);
    this.enter("open");
    for (const entry of this.outbox.pending()) this.transmit(entry);
    this.uploads?.reconnected();
  }

  receive(data) {
    this.attempts = 0;
    if (this.transport === "auto") {
      this.transport = this.next;
      if (this.next === "http") store(transportKey, "http");
    }
    const frame = typeof data === "string" ? JSON.parse(data) : data;
    if (!Array.isArray(frame)) { this.receiveSingle(frame); return; }
    this.outbox.learnPeer("numbered");
    this.heardCommands = true;
    const fresh = [];
    for (let i = 1; i < frame.length; i += 1) {
      const number = frame[0] + i - 1;
      if (number <= this.received) continue;
      this.received = number;
      // `null` keeps the numbering where a replay leaves something out.
      // The socket's close may be heard before the queue has come to this.
      if (frame[i]?.command === "close_session") this.isEnding = true;
      if (frame[i] !== null) fresh.push(Object.assign(frame[i], { number }));
    }
    this.hooks.commands(fresh, this.received);
  }

  // Frames that are one object: PyWebIO's own form, and the few of ours that are about the connection itself.
  receiveSingle(command) {
    switch (command.command) {
      case "set_session_id":
        this.setId(command.spec);
        return;
      case "event_ack":
        this.outbox.learnPeer("numbered");
        this.outbox.acknowledge(command.spec);
        return;
      case "upload_ack":
        this.uploads?.acknowledged(command.spec);
        return;
      case "close_session":
        if (this.outbox.peer !== "plain" && this.id !== "NEW" && !this.heardCommands) this.refused();
        else this.hooks.commands([command], this.received);
        return;
      default:
        if (this.outbox.peer === "unknown") {
          this.outbox.learnPeer("plain");
          forget(this.storageKey);
        }
        this.heardCommands = true;
        this.hooks.commands([command], this.received);
    }
  }

  setId(id) {
    if (this.id === "NEW") this.createHooks.splice(0).forEach((hook) => hook());
    this.id = id;
    const before = readStored(this.storageKey);
    if (before && before !== id) dropDraftsOf(before);
    // Kept for a refresh. PyWebIO's own server cannot replay, so there it is forgotten again at the first plain command.
    store(this.storageKey, id);
  }

  // The server does not know the id that we came with.
  refused() {
    forget(this.storageKey);
    dropDraftsOf(this.id);
    const wasRejoin = this.isRejoin && this.received === 0;
    this.isRejoin = false;
    this.id = "NEW";
    this.ws.onclose = null;
    this.ws.close();
    if (wasRejoin) this.connect();
    else this.finish("gone");
  }

  // The task function has ended (or was ended); called in order with the other commands.
  end() {
    forget(this.storageKey);
    dropDraftsOf(this.id);
    this.finish("ended");
    this.ws.close();
  }

  finish(state) {
    clearTimeout(this.retryTimer);
    this.enter(state);
    this.closeHooks.splice(0).forEach((hook) => hook());
  }

  get takesPieces() { return true; }

  get canSend() { return this.state === "open" && this.ws.readyState === WebSocket.OPEN; }

  get isOver() { return this.state === "ended" || this.state === "gone" || this.state === "elsewhere" || this.state === "left"; }

  lost(event) {
    clearTimeout(this.openingTimer);
    if (this.isOver || this.isEnding) return;
    // Until one of them has worked, the two take turns.
    if (this.transport === "auto") this.next = this.next === "ws" ? "http" : "ws";
    if (event.code === supersededCode) { this.finish("elsewhere"); return; }
    if (event.code === outdatedCode) {
      if (dispatchEvent(new Event("webio:outdated", { cancelable: true }))) location.reload();
      return;
    }
    if (this.id === "NEW" && this.heardCommands) { this.finish("gone"); return; }
    this.enter("lost");
    this.retryLater();
  }

  // At once if the link had held for a while, then 0.5, 1, 2, 4, 5, 5 … seconds. A hidden page waits until it is looked at.
  retryLater() {
    if (document.hidden) return;
    const held = performance.now() - this.connectedAt > slowestRetry;
    if (held) this.attempts = 0;
    const delay = this.attempts === 0 ? 0 : Math.min(slowestRetry, 250 * 2 ** this.attempts) * (0.85 + Math.random() * 0.15);
    this.attempts += 1;
    this.retryTimer = setTimeout(() => this.connect(), delay);
  }

  wake() {
    if (document.hidden || this.state !== "lost" || this.ws.readyState === 0) return;
    this.attempts = Math.min(this.attempts, 1);
    this.connect();
  }

  enter(state) {
    if (this.state === state) return;
    this.state = state;
    this.hooks.state(state);
  }

  send(event, files) {
    if (this.isOver) { this.hooks.state("refusing"); return; }
    const entry = this.outbox.add(event, files);
    if (this.canSend) this.transmit(entry);
  }

  transmit(entry) {
    this.ws.send(entry.frame);
    this.outbox.markSent(entry);
    if (typeof entry.frame !== "string") this.watchUpload(entry.frame.size);
  }

  watchUpload(size) {
    const poll = () => {
      const left = this.ws.bufferedAmount;
      if (left === 0 || this.state !== "open") { this.hooks.progress(null); return; }
      this.hooks.progress(1 - Math.min(1, left / size));
      setTimeout(poll, 150);
    };
    poll();
  }

  // Tells the server up to where the page has come, not for every command.
  handled(number) {
    this.processed = number;
    if (this.outbox.peer !== "numbered") return;
    if (number - this.acknowledged >= acknowledgeEvery) this.acknowledge();
    else if (!this.acknowledgeTimer && number > this.acknowledged) {
      this.acknowledgeTimer = setTimeout(() => this.acknowledge(), acknowledgeAfter);
    }
  }

  acknowledge() {
    clearTimeout(this.acknowledgeTimer);
    this.acknowledgeTimer = null;
    if (!this.canSend || this.acknowledged === this.processed) return;
    this.acknowledged = this.processed;
    this.ws.send(JSON.stringify({ event: "ack", task_id: "", data: this.processed }));
  }

  // The names by which PyWebIO apps know these.
  on_session_create(hook) { this.createHooks.push(hook); }
  on_session_close(hook) { this.closeHooks.push(hook); }
  send_message(event) { this.send({ event: event.event, task_id: event.task_id, data: event.data }); }
  close_session() { this.end(); }
  closed() { return this.isOver || this.ws.readyState > WebSocket.OPEN; }
  get webio_session_id() { return this.id; }
}

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => (byte % 36).toString(36)).join("");
}

// Storage can be forbidden by the visitor; then a refresh simply begins anew.
function readStored(key) { try { return sessionStorage.getItem(key); } catch { return null; } }
function store(key, value) { try { sessionStorage.setItem(key, value); } catch { /* begins anew after a refresh */ } }
function forget(key) { try { sessionStorage.removeItem(key); } catch { /* nothing was stored */ } }
