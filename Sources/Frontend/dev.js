// The developer's half, loaded only by `webio dev`: build errors over the page, another session or a reload when a new build is ready, and
// small signs of what is going on. It also works on the page that is served while there is no app.
// A lost socket is never a reason to renew the page: only a generation that differs from the one this page came from is.

import { config, core, post, session } from "./dev-config.js";
import { make } from "./dev-shadow.js";
import { Sign } from "./dev-sign.js";
import { Overlay } from "./dev-overlay.js";
import { leavePlace, noteReload, Return } from "./dev-return.js";
import { Exchange } from "./dev-exchange.js";

class DevConnection {
  constructor(sign, overlay, home) {
    this.sign = sign;
    this.overlay = overlay;
    this.exchange = new Exchange((place) => {
      config.generation = this.generation;
      home.expect(place, this.ms);
    }, () => this.reload());
    this.generation = config.generation;
    this.delay = 200;
    this.waitingText = document.getElementById("webio-waiting-text");
    addEventListener("visibilitychange", () => { if (!document.hidden && !this.socket) this.connect(); });
    addEventListener("pagehide", () => { this.isLeaving = true; });
    addEventListener("webio:outdated", (event) => { event.preventDefault(); this.renew(); });
  }

  connect() {
    clearTimeout(this.timer);
    const url = new URL(config.devPath || "/__webio/dev", location.href);
    url.protocol = url.protocol.replace(/^http/, "ws");
    url.searchParams.set("token", config.devToken || "");
    this.socket = new WebSocket(url);
    this.socket.onmessage = (message) => { this.delay = 200; this.receive(JSON.parse(message.data)); };
    let wasOpen = false;
    this.socket.onopen = () => { wasOpen = true; };
    this.socket.onclose = () => {
      this.socket = null;
      if (this.isLeaving) return;
      if (!wasOpen) this.knock();
      // A hidden tab goes on too: the next run uses it again instead of opening another.
      this.timer = setTimeout(() => this.connect(), document.hidden ? 1000 : this.delay);
      this.delay = Math.min(1000, this.delay * 1.6);
    };
  }

  // Refused: is this another run of webio? Then this page is of no use any more, and the address is.
  async knock() {
    try {
      const answer = await fetch(`/__webio/knock?token=${encodeURIComponent(config.devToken || "")}`, { cache: "no-store" });
      if (answer.status === 410) this.reload();
    } catch { /* nobody is there yet */ }
  }

  receive(message) {
    switch (message.event) {
      case "hello":
        if (message.generation) this.renewIfOther(message.generation);
        break;
      case "building":
        this.markTitle(true);
        if (!this.overlay.isOpen) this.sign.show("", "Building…");
        this.tell("Building your app…");
        break;
      case "compiled": this.exchange.prepare(message.generation); break;
      case "buildFailed": this.failed(message); break;
      case "built":
        this.markTitle(false);
        this.overlay.clear();
        if (!this.renewIfOther(message.generation, message.ms)) this.sign.hide();
        break;
      case "crashed":
        this.markTitle(false);
        this.crashed(message);
        break;
      case "public": this.sign.announce(message); break;
      case "css": this.swap(message.name); break;
      case "preview":
        if (message.session !== session()?.webio_session_id) break;
        if (this.exchange.isRunning) this.exchange.preview(message.commands);
        else message.commands.forEach((command) => core().run(command));
        break;
      case "reload": if (message.session === session()?.webio_session_id) this.renew(); break;
      default:
    }
  }

  // The message first, then the project's own places on the way there.
  crashed({ signal, diagnostics = [], log, restarts }) {
    this.exchange.forget();
    const hint = restarts ? "It is being started again." : "It starts again when you save.";
    this.tell(`The app crashed. ${hint}`);
    this.overlay.show({ title: `The app crashed${signal ? `: ${signal}` : ""}`, hint, diagnostics, log });
  }

  failed({ diagnostics = [], log }) {
    this.exchange.forget();
    this.markTitle(false);
    this.tell("The build failed. Save a fix and this page goes on by itself.");
    const order = { error: 0, warning: 1, note: 2 };
    const sorted = [...diagnostics].sort((a, b) => (order[a.severity] ?? 0) - (order[b.severity] ?? 0));
    const count = sorted.filter((diagnostic) => (diagnostic.severity || "error") === "error").length;
    const running = config.generation ? `The last good build (${config.generation}) is still running.` : "";
    this.overlay.show({ title: count ? `Build failed: ${count} error${count === 1 ? "" : "s"}` : "Build failed", hint: running, diagnostics: sorted, log });
  }

  // An exchange that is under way is for the generation that was heard of last.
  renewIfOther(generation, ms) {
    if (generation === undefined || generation === this.generation) return false;
    this.generation = generation;
    this.renew(ms);
    return true;
  }

  // The session anew: in this page if that may stay, else in another.
  renew(ms) {
    this.ms = ms;
    if (this.exchange.isPossible) this.exchange.begin(this.generation);
    else this.reload();
  }

  reload() {
    if (this.isLeaving) return;
    this.isLeaving = true;
    if (this.generation !== config.generation) noteReload(this.ms);
    // Where nothing is replayed the page would wait for it.
    if (config.shell !== undefined) leavePlace();
    location.reload();
  }

  markTitle(isBuilding) {
    const bare = document.title.replace(/^● /, "");
    document.title = isBuilding ? `● ${bare}` : bare;
  }

  tell(text) {
    if (this.waitingText) this.waitingText.textContent = text;
  }

  // A style sheet or picture of the app is exchanged without a reload; the page's own are part of the document.
  swap(name) {
    const isIt = (url) => url && new URL(url, location.href).pathname.endsWith(`/${name}`);
    const fresh = (url) => { const other = new URL(url, location.href); other.searchParams.set("t", String(Date.now())); return other.href; };
    const links = [...document.querySelectorAll("link[rel=stylesheet]")].filter((link) => isIt(link.href));
    const pictures = [...document.querySelectorAll("img")].filter((picture) => isIt(picture.src));
    for (const link of links) {
      const other = link.cloneNode();
      other.href = fresh(link.href);
      // The old one stays until the new one is there: no moment without it.
      other.onload = () => link.remove();
      link.after(other);
    }
    for (const picture of pictures) picture.src = fresh(picture.src);
    if (links.length + pictures.length === 0) this.reload();
  }
}

// Below the card of a task that failed: what the app printed until then. Only the developer's page can ask.
async function showOutput(card) {
  try {
    const answer = await post("/__webio/output");
    const { lines } = await answer.json();
    if (lines.length === 0) return;
    const text = make("pre", "", lines.slice(-20).join("\n"));
    text.tabIndex = 0;
    card.querySelector(".w-body").append(make("details", "", make("summary", "", "Terminal"), text));
  } catch { /* the app is gone */ }
}
addEventListener("webio:task_error", (event) => showOutput(event.detail));

const sign = new Sign();
new DevConnection(sign, new Overlay(sign), new Return(sign)).connect();
