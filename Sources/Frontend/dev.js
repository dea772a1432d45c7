// The developer's half, loaded only by `webio dev`: build errors over the page, a reload when a new build is ready, and small signs of
// what is going on. It needs nothing of the core, so that it also works on the page that is served while there is no app.
// A lost socket is never a reason to reload: only a generation that differs from the one this page came from is.

const config = JSON.parse(document.getElementById("webio-config")?.textContent || "{}");
const socketPath = config.devPath || "/__webio/dev";
const openPath = config.devOpenPath || "/__webio/open";
const backPath = "/__webio/back";
const savePath = "/__webio/save";
const knockPath = "/__webio/knock";
const outputPath = "/__webio/output";
const reloadNote = "webio:reloaded";
const placeKey = "webio:place";

const styles = `
:host { all: initial; }
* { box-sizing: border-box; }
.back { position: fixed; inset: 0; z-index: 2147483000; display: grid; align-items: start; justify-items: center; overflow: auto; padding: 5vh 1rem; background: rgb(12 13 18 / .62); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: #e9eaee; }
.card { inline-size: min(60rem, 100%); border-radius: 12px; border-block-start: 4px solid #ff6b61; background: #191b21; box-shadow: 0 20px 60px rgb(0 0 0 / .5); outline: none; }
header { display: flex; gap: 1rem; align-items: baseline; padding: 1rem 1.25rem .6rem; }
h1 { margin: 0; font-size: 1.15rem; font-weight: 650; color: #ff9d95; }
header span { color: #a7adba; font-size: .85rem; }
header button { margin-inline-start: auto; border: 0; background: none; color: #c9ced8; font: inherit; cursor: pointer; padding: .2rem .5rem; border-radius: 6px; }
header button:hover { background: #2a2e37; }
ol { list-style: none; margin: 0; padding: 0 .6rem .6rem; display: grid; gap: .4rem; }
li { padding: .7rem .8rem; border-radius: 8px; border: 1px solid transparent; }
li.current { background: #20232b; border-color: #343944; }
.where { border: 0; background: none; padding: 0; font: 600 .85rem ui-monospace, Menlo, Consolas, monospace; color: #9fb6ff; cursor: pointer; text-align: start; overflow-wrap: anywhere; }
.where:hover { text-decoration: underline; }
.kind { display: inline-block; margin-inline-end: .6rem; padding: 0 .45rem; border-radius: 4px; font-size: .75rem; font-weight: 650; }
.error .kind { background: #5a211e; color: #ffb3ad; } .warning .kind { background: #4d3a12; color: #ffd58a; } .note .kind { background: #263349; color: #b3cdfb; }
.message { margin: .3rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { margin: .55rem 0 0; padding: .65rem .8rem; border-radius: 6px; background: #101217; font: .82rem/1.55 ui-monospace, Menlo, Consolas, monospace; overflow-x: auto; tab-size: 4; }
pre .caret { color: #ff9d95; font-weight: 700; } pre .gutter { color: #8a92a3; }
details { padding: 0 1.4rem 1rem; color: #a7adba; } summary { cursor: pointer; }
details pre { max-block-size: 40vh; overflow: auto; white-space: pre-wrap; }
footer { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; padding: .6rem 1.4rem .9rem; color: #a7adba; font-size: .82rem; border-block-start: 1px solid #2a2e37; }
kbd { font: .78rem ui-monospace, monospace; padding: .05rem .35rem; border: 1px solid #454b58; border-radius: 4px; color: #d9dce3; }
:focus-visible { outline: 2px solid #9fb6ff; outline-offset: 2px; }
.card:focus-visible { outline: none; }
.sign { position: fixed; inset-block-start: 12px; inset-inline-end: 12px; max-inline-size: calc(100vw - 24px); z-index: 2147482999; display: flex; gap: .5rem; align-items: center; padding: .3rem .75rem; border: 0; border-radius: 2rem; background: #191b21; color: #e9eaee; font: 13px/1.5 system-ui, sans-serif; box-shadow: 0 4px 18px rgb(0 0 0 / .3); }
button.sign { cursor: pointer; }
.sign.has-buttons { padding-inline-end: .35rem; }
.sign > button { border: 0; border-radius: 1rem; padding: .1rem .65rem; background: #2d323c; color: #dfe5f3; font: inherit; cursor: pointer; }
.sign > button:hover { background: #3b424f; }
.dot { inline-size: .55rem; block-size: .55rem; border-radius: 50%; background: #ffc861; animation: beat 1s ease-in-out infinite; }
.good .dot { background: #63d08f; animation: none; } .bad .dot { background: #ff6b61; animation: none; }
@keyframes beat { 50% { opacity: .3; } }
@media (prefers-reduced-motion: reduce) { .dot { animation: none; } }
`;

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// The overlay and the sign in the corner, in a shadow root: neither the app's style nor ours reaches across.
class Overlay {
  constructor() {
    this.host = make("webio-dev");
    this.root = this.host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.root.adoptedStyleSheets = [sheet];
    document.documentElement.append(this.host);
    this.current = 0;
    this.items = [];
    document.addEventListener("keydown", (event) => this.key(event), true);
  }

  show({ title, hint, diagnostics, log }) {
    this.clear();
    this.items = diagnostics.map((diagnostic, i) => this.item(diagnostic, i));
    const close = make("button", "", "✕");
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => this.hide());
    const list = make("ol", "", ...this.items);
    const logText = log ? make("details", "", make("summary", "", "Log"), make("pre", "", log)) : null;
    if (logText && diagnostics.length === 0) logText.open = true;
    this.card = make("div", "card", make("header", "", make("h1", "", title), make("span", "", hint), close), list, logText,
      
      make("footer", "", diagnostics.length > 1 ? make("span", "", make("kbd", "", "j"), " ", make("kbd", "", "k"), " next, previous") : null,
        make("span", "", make("kbd", "", "Esc"), " close"), make("span", "", "Goes by itself when the code is fixed.")));
    this.card.tabIndex = -1;
    this.card.setAttribute("role", "alertdialog");
    this.card.setAttribute("aria-label", title);
    this.title = title;
    this.back = make("div", "back", this.card);
    this.root.append(this.back);
    this.select(0);
    // The page is covered; what is typed now is meant for the overlay. The focus goes back when it leaves.
    if (document.activeElement !== this.host) this.focusBefore = document.activeElement;
    this.card.focus({ preventScroll: true });
  }

  item(diagnostic, index) {
    const { file, line, column, severity = "error", message, frame } = diagnostic;
    const where = make("button", "where", [file, line, column].filter((part) => part !== undefined && part !== null).join(":"));
    where.type = "button";
    where.title = "Open in the editor";
    where.addEventListener("click", () => this.open(diagnostic));
    const element = make("li", severity, make("span", "kind", severity), file ? where : null, make("p", "message", message || ""), frame ? this.frame(frame) : null);
    element.addEventListener("pointerdown", () => this.select(index));
    return element;
  }

  // A frame is lines as compilers print them: a gutter with a bar, and lines that only point.
  frame(text) {
    const pre = make("pre");
    for (const line of String(text).replace(/\n$/, "").split("\n")) {
      const parts = /^(\s*\d*\s*\|)(.*)$/.exec(line);
      const body = parts ? parts[2] : line;
      if (parts) pre.append(make("span", "gutter", parts[1]));
      pre.append(/^\s*(?:[|]\s*)*(?:`- |[\^~])/.test(body) ? make("span", "caret", body) : body, "\n");
    }
    return pre;
  }

  open({ file, line, column }) {
    fetch(openPath, { method: "POST", headers: { "content-type": "application/json", "webio-token": config.devToken || "" }, body: JSON.stringify({ file, line, column }) })
      .catch(() => {});
  }

  select(index) {
    if (!this.items.length) return;
    this.items[this.current]?.classList.remove("current");
    this.current = Math.max(0, Math.min(this.items.length - 1, index));
    this.items[this.current].classList.add("current");
    if (index !== 0) this.items[this.current].scrollIntoView({ block: "nearest" });
  }

  get isOpen() { return Boolean(this.back && !this.back.hidden); }

  key(event) {
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") this.hide();
    else if (event.key === "j" && !isTyping) this.select(this.current + 1);
    else if (event.key === "k" && !isTyping) this.select(this.current - 1);
    else if (event.key === "Enter" && event.target === this.host && this.root.activeElement === this.card) this.items[this.current]?.querySelector(".where")?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Out of the way, but not forgotten: a sign in the corner brings it back.
  hide() {
    this.back.remove();
    const back = this.back;
    this.back = null;
    this.giveFocusBack();
    this.sign("bad", this.title, () => { this.back = back; this.root.append(back); this.unsign(); this.card.focus(); });
  }

  giveFocusBack() {
    if (this.focusBefore?.isConnected) this.focusBefore.focus({ preventScroll: true });
    this.focusBefore = null;
  }

  clear() {
    if (this.isOpen) this.giveFocusBack();
    this.back?.remove();
    this.back = null;
    this.items = [];
    this.current = 0;
    this.unsign();
  }

  sign(kind, text, onclick) {
    this.unsign();
    this.mark = make(onclick ? "button" : "div", `sign ${kind}`, make("span", "dot"), text);
    if (onclick) this.mark.addEventListener("click", onclick);
    else this.mark.setAttribute("role", "status");
    this.root.append(this.mark);
  }

  // After a reload: what was kept, and two ways out of it. It stays while it is looked at.
  report(kind, text, buttons) {
    this.sign(kind, text);
    const mark = this.mark;
    mark.classList.toggle("has-buttons", buttons.length > 0);
    for (const [label, action] of buttons) {
      const button = make("button", "", label);
      button.type = "button";
      button.addEventListener("click", action);
      mark.append(button);
    }
    const leave = () => {
      if (this.mark !== mark) return;
      if (mark.matches(":hover, :focus-within")) setTimeout(leave, 1500);
      else this.unsign();
    };
    if (kind !== "bad") setTimeout(leave, buttons.length > 0 ? 6000 : 1800);
  }

  unsign() {
    this.mark?.remove();
    this.mark = null;
  }
}

class DevConnection {
  constructor(overlay) {
    this.overlay = overlay;
    this.delay = 200;
    this.waitingText = document.getElementById("webio-waiting-text");
    addEventListener("visibilitychange", () => { if (!document.hidden && !this.socket) this.connect(); });
    addEventListener("pagehide", () => { this.isLeaving = true; });
    addEventListener("webio:outdated", (event) => { event.preventDefault(); this.reload(); });
  }

  connect() {
    clearTimeout(this.timer);
    const url = new URL(socketPath, location.href);
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
      const answer = await fetch(`${knockPath}?token=${encodeURIComponent(config.devToken || "")}`, { cache: "no-store" });
      if (answer.status === 410) this.reload();
    } catch { /* nobody is there yet */ }
  }

  receive(message) {
    switch (message.event) {
      case "hello":
        if (message.generation) this.reloadIfOther(message.generation);
        break;
      case "building":
        this.markTitle(true);
        if (!this.overlay.isOpen) this.overlay.sign("", "Building…");
        this.tell("Building your app…");
        break;
      case "buildFailed": this.failed(message); break;
      case "built":
        this.markTitle(false);
        this.overlay.clear();
        if (!this.reloadIfOther(message.generation, message.ms)) this.overlay.unsign();
        break;
      case "crashed":
        this.markTitle(false);
        this.crashed(message);
        break;
      case "public": this.announce(message); break;
      case "css": this.swapStyle(message.name); break;
      case "preview":
        if (message.session === session()?.webio_session_id) message.commands.forEach((command) => window.WebIO._state.run(command));
        break;
      case "reload": if (message.session === session()?.webio_session_id) this.reload(); break;
      default:
    }
  }

  // The message first, then the project's own places on the way there.
  crashed({ signal, diagnostics = [], log, restarts }) {
    const hint = restarts ? "It is being started again." : "It starts again when you save.";
    this.tell(`The app crashed. ${hint}`);
    this.overlay.show({ title: `The app crashed${signal ? `: ${signal}` : ""}`, hint, diagnostics, log });
  }

  failed({ diagnostics = [], log }) {
    this.markTitle(false);
    this.tell("The build failed. Save a fix and this page goes on by itself.");
    const order = { error: 0, warning: 1, note: 2 };
    const sorted = [...diagnostics].sort((a, b) => (order[a.severity] ?? 0) - (order[b.severity] ?? 0));
    const count = sorted.filter((diagnostic) => (diagnostic.severity || "error") === "error").length;
    const running = config.generation ? `The last good build (${config.generation}) is still running.` : "";
    this.overlay.show({ title: count ? `Build failed: ${count} error${count === 1 ? "" : "s"}` : "Build failed", hint: running, diagnostics: sorted, log });
  }

  reloadIfOther(generation, ms) {
    if (generation === undefined || generation === config.generation) return false;
    try { sessionStorage.setItem(reloadNote, JSON.stringify({ ms, at: Date.now() })); } catch { /* only the sign is lost */ }
    this.reload();
    return true;
  }

  // A public address that this browser has not been told yet: the sign copies it.
  announce({ provider, url }) {
    const note = `webio:public:${provider}`;
    try {
      const known = sessionStorage.getItem(note);
      if (known === url) return;
      sessionStorage.setItem(note, url);
    } catch { /* it is told again */ }
    this.overlay.sign("good", `Public address: ${url}`, () => {
      navigator.clipboard?.writeText(url).then(() => { mark.lastChild.textContent = "Copied"; }).catch(() => {});
    });
    const mark = this.overlay.mark;
    mark.title = "Copy";
    setTimeout(() => { if (this.overlay.mark === mark) this.overlay.unsign(); }, 15000);
  }

  reload() {
    if (this.isLeaving) return;
    this.isLeaving = true;
    leavePlace();
    location.reload();
  }

  markTitle(isBuilding) {
    const bare = document.title.replace(/^● /, "");
    document.title = isBuilding ? `● ${bare}` : bare;
  }

  tell(text) {
    if (this.waitingText) this.waitingText.textContent = text;
  }

  // A style sheet of the app is exchanged without a reload; the page's own is part of the document.
  swapStyle(name) {
    const link = [...document.querySelectorAll("link[rel=stylesheet]")].find((candidate) => new URL(candidate.href).pathname.endsWith(name));
    if (!link) { location.reload(); return; }
    const fresh = link.cloneNode();
    const url = new URL(link.href);
    url.searchParams.set("t", String(Date.now()));
    fresh.href = url.href;
    fresh.onload = () => link.remove();
    link.after(fresh);
  }
}

function session() { return window.WebIO?._state.CurrentSession; }

// Where the visitor is. A session that has ended is also one to come back to: its last output may be what is being worked on.
function leavePlace() {
  const current = session();
  if (!current?.storageKey || current.webio_session_id.startsWith("NEW")) return;
  const focused = document.activeElement;
  const named = focused?.name ? [...document.getElementsByName(focused.name)].indexOf(focused) : -1;
  const place = { x: scrollX, y: scrollY, at: Date.now(), name: named < 0 ? null : focused.name, index: named };
  if (named >= 0 && typeof focused.selectionStart === "number") place.selection = [focused.selectionStart, focused.selectionEnd];
  try {
    sessionStorage.setItem(current.storageKey, current.webio_session_id);
    sessionStorage.setItem(placeKey, JSON.stringify(place));
  } catch { /* begins anew */ }
}

function takeNote(key) {
  try {
    const note = JSON.parse(sessionStorage.getItem(key) || "null");
    sessionStorage.removeItem(key);
    return note && Date.now() - note.at < 10000 ? note : null;
  } catch { return null; }
}

class Return {
  constructor(overlay) {
    this.overlay = overlay;
    this.note = takeNote(reloadNote);
    this.place = takeNote(placeKey);
    addEventListener("webio:replayed", (event) => this.replayed(event.detail));
    if (!this.place) { if (this.note) overlay.report("good", this.updated, []); return; }
    history.scrollRestoration = "manual";
    // A session without a journal sends no report.
    this.timer = setTimeout(() => this.show(), 2500);
  }

  get updated() {
    const ms = this.note?.ms;
    return ms ? `Updated in ${ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`}` : "Updated";
  }

  replayed({ kept, total, stopped_at: stoppedAt, note }) {
    this.show();
    if (note) { this.overlay.report("bad", note, [["Close", () => this.overlay.unsign()]]); return; }
    if (total === 0) { this.overlay.report("good", this.updated, []); return; }
    const where = stoppedAt ? `, now at “${stoppedAt}”` : "";
    this.overlay.report("good", `${this.updated}, kept ${kept} of ${total} ${total === 1 ? "answer" : "answers"}${where}`, [
      ["Start over", () => this.startOver()], ["Back one", () => this.backOne()], ["Save", () => this.save()],
    ]);
  }

  show() {
    clearTimeout(this.timer);
    document.documentElement.classList.remove("webio-returning");
    if (!this.place) return;
    const { x, y, name, index, selection } = this.place;
    this.place = null;
    const field = name ? document.getElementsByName(name)[index] : null;
    if (field) {
      field.focus({ preventScroll: true });
      try { if (selection) field.setSelectionRange(...selection); } catch { /* no text field any more */ }
    }
    scrollTo({ left: x, top: y, behavior: "instant" });
    history.scrollRestoration = "auto";
  }

  startOver() {
    try { sessionStorage.removeItem(session().storageKey); } catch { /* nothing is kept */ }
    location.reload();
  }

  post(path) {
    return fetch(path, {
      method: "POST", headers: { "content-type": "application/json", "webio-token": config.devToken || "" },
      body: JSON.stringify({ session: session().webio_session_id }),
    });
  }

  async backOne() {
    const answer = await this.post(backPath);
    if (answer.ok) { leavePlace(); location.reload(); }
  }

  async save() {
    const answer = await this.post(savePath);
    const text = (await answer.text()).trim();
    this.overlay.report(answer.ok ? "good" : "bad", answer.ok ? `Saved; run it with: webio replay ${text}` : text, [["Close", () => this.overlay.unsign()]]);
  }
}

// Below the card of a task that failed: what the app printed until then. Only the developer's page can ask.
async function showOutput(card) {
  try {
    const answer = await fetch(outputPath, { method: "POST", headers: { "webio-token": config.devToken || "" } });
    const { lines } = await answer.json();
    if (lines.length === 0) return;
    const text = make("pre", "", lines.slice(-20).join("\n"));
    text.tabIndex = 0;
    card.querySelector(".w-body").append(make("details", "", make("summary", "", "Terminal"), text));
  } catch { /* the app is gone */ }
}
addEventListener("webio:task_error", (event) => showOutput(event.detail));

const overlay = new Overlay();
new Return(overlay);
new DevConnection(overlay).connect();
