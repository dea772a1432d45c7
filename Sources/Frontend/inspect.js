// The inspector's page: what public visitors asked and got. It is served by `webio share --inspect` on this machine only, and stands
// alone: nothing of an app's page is needed. Everything that strangers sent is shown as text.

const token = new URLSearchParams(location.search).get("token") || "";
const byID = (id) => document.getElementById(id);
const list = byID("list");
const detail = byID("detail");
const filter = byID("filter");
const secret = /^(authorization|proxy-authorization|cookie|set-cookie)$/i;
const opcodes = { 0: "more", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };

const exchanges = new Map();
const rows = new Map();
let chosen = null;
let shown = null;
let shownText = "";

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const size = (count) => count < 1024 ? `${count} B` : count < 1048576 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
const time = (at) => new Date(at).toLocaleTimeString([], { hour12: false });
const mood = (status) => status === null ? "" : status < 400 ? "good" : status < 500 ? "warn" : "bad";
const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const fieldOf = (fields, name) => fields.find(([key]) => key.toLowerCase() === name)?.[1] || "";

// The list

function describe(exchange) {
  const parts = [exchange.from, size(exchange.responseSize)];
  if (exchange.isWebSocket) parts[1] = `${exchange.frames} frames${exchange.ms === null ? ", open" : ""}`;
  if (exchange.replayOf) parts.push(`replay of #${exchange.replayOf}`);
  if (exchange.isCut) parts.push("cut off");
  return parts.filter(Boolean).join(" · ");
}

function draw(exchange) {
  let row = rows.get(exchange.id);
  if (!row) {
    row = make("div", { className: "row", id: `exchange-${exchange.id}` });
    row.setAttribute("role", "option");
    row.addEventListener("click", () => { choose(exchange.id); list.focus({ preventScroll: true }); });
    rows.set(exchange.id, row);
    list.prepend(row);
  }
  row.replaceChildren(
    make("span", { className: `status ${mood(exchange.status)}` }, exchange.status === null ? "…" : String(exchange.status)),
    make("span", { className: "method" }, exchange.isWebSocket ? "WS" : exchange.method),
    make("span", { className: "path", title: exchange.target }, exchange.target),
    make("span", { className: "time" }, exchange.ms === null ? time(exchange.at) : `${exchange.ms} ms`),
    make("span", { className: "more" }, describe(exchange)));
  row.setAttribute("aria-selected", String(exchange.id === chosen));
  row.hidden = !matches(exchange);
}

function matches(exchange) {
  const text = `${exchange.isWebSocket ? "ws websocket" : ""} ${exchange.method} ${exchange.target} ${exchange.status ?? ""} ${exchange.from}`.toLowerCase();
  return filter.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function count() {
  const visible = visibleIDs().length;
  byID("count").textContent = visible === exchanges.size ? `${visible}` : `${visible} of ${exchanges.size}`;
  byID("empty").hidden = exchanges.size > 0;
}

const visibleIDs = () => [...rows].filter(([, row]) => !row.hidden).map(([id]) => id).sort((a, b) => b - a);

function forget(first) {
  for (const [id, row] of rows) {
    if (id >= first && first > 0) continue;
    row.remove();
    rows.delete(id);
    exchanges.delete(id);
  }
}

function receive(message) {
  if (message.event === "hello") { forget(0); if (!message.exchanges.some(({ id }) => id === chosen)) unchoose(); }
  else forget(message.first);
  for (const exchange of message.exchanges) {
    exchanges.set(exchange.id, exchange);
    draw(exchange);
    if (exchange.id === chosen) load(exchange.id);
  }
  count();
}

// One exchange

function choose(id) {
  chosen = id;
  for (const [other, row] of rows) row.setAttribute("aria-selected", String(other === id));
  list.setAttribute("aria-activedescendant", `exchange-${id}`);
  rows.get(id)?.scrollIntoView({ block: "nearest" });
  load(id);
}

function unchoose() {
  chosen = null;
  shown = null;
  list.removeAttribute("aria-activedescendant");
  detail.replaceChildren(make("p", { className: "hint" }, "Choose a request."));
}

const ask = (path, method = "GET") => fetch(path, { method, headers: { "webio-token": token } });

async function load(id) {
  const answer = await ask(`/exchange?id=${id}`).catch(() => null);
  if (!answer || chosen !== id) return;
  if (!answer.ok) { detail.replaceChildren(make("p", { className: "hint" }, await answer.text())); return; }
  const text = await answer.text();
  // Nothing new: what is under the pointer stays where it is.
  if (shown === id && text === shownText) return;
  const parts = await show(JSON.parse(text));
  if (chosen !== id) return;
  const top = shown === id ? detail.scrollTop : 0;
  shown = id;
  shownText = text;
  detail.dataset.id = id;
  detail.replaceChildren(...parts);
  detail.scrollTop = top;
}

async function show(data) {
  const { exchange, request, response, frames } = data;
  const copy = make("button", { type: "button" }, "Copy as curl");
  copy.addEventListener("click", async () => {
    const text = curl(data);
    try { await navigator.clipboard.writeText(text); flash(copy, "Copied"); }
    catch { detail.append(make("pre", {}, text)); }
  });
  const replay = make("button", { type: "button", disabled: exchange.isWebSocket || !request.body.isWhole }, "Replay");
  if (replay.disabled) replay.title = exchange.isWebSocket ? "A WebSocket cannot be replayed." : "The body is too long: only its beginning was kept.";
  replay.addEventListener("click", async () => {
    const answer = await ask(`/replay?id=${exchange.id}`, "POST").catch(() => null);
    flash(replay, answer?.ok ? "Sent" : (await answer?.text()) || "webio does not answer");
  });
  const facts = [time(exchange.at), exchange.from && `from ${exchange.from}`, exchange.ms !== null ? `${exchange.ms} ms` : "not over yet", exchange.isCut && "cut off", exchange.replayOf && `replay of #${exchange.replayOf}`];
  const parts = [
    make("p", { className: "line" }, `${exchange.method} ${exchange.target}`),
    make("p", { className: "facts" }, make("span", { className: `status ${mood(exchange.status)}` }, exchange.status === null ? "…" : String(exchange.status)), " ", facts.filter(Boolean).join(" · ")),
    make("div", { className: "actions" }, copy, replay),
    ...await message("Request", request), ...await message("Response", response)];
  if (exchange.isWebSocket) {
    parts.push(make("h2", {}, "Frames", make("small", {}, exchange.frames > frames.length ? `the last ${frames.length} of ${exchange.frames}` : String(exchange.frames))), make("ol", { className: "frames" }, ...frames.map(frame)));
  }
  return parts;
}

function flash(button, text) {
  const before = button.textContent;
  button.textContent = text;
  button.disabled = true;
  setTimeout(() => { button.textContent = before; button.disabled = false; }, 1500);
}

async function message(title, { fields, body }) {
  const table = make("table", {}, ...fields.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, secret.test(name) ? masked(name, value) : value))));
  const note = body.isWhole ? size(body.size) : `${size(body.size)}, of which the beginning was kept`;
  return [make("h2", {}, title, make("small", {}, body.size ? note : "no body")), table, ...(body.size ? [await bodyOf(fields, body)] : [])];
}

// What logs somebody in is shown only on demand: screens are shared.
function masked(name, value) {
  const button = make("button", { type: "button", className: "mask" }, "••••••");
  button.setAttribute("aria-label", `Show ${name}`);
  button.addEventListener("click", () => button.replaceWith(value));
  return button;
}

async function bodyOf(fields, body) {
  let bytes = bytesOf(body.base64);
  const type = fieldOf(fields, "content-type").toLowerCase();
  const encoding = fieldOf(fields, "content-encoding").toLowerCase();
  if (encoding === "gzip" || encoding === "deflate") bytes = await unpack(bytes, encoding);
  else if (encoding) return make("pre", {}, `${encoding}: ${hex(bytes)}`);
  if (/^image\/(png|jpeg|gif|webp|avif)/.test(type) && body.isWhole) return make("img", { src: `data:${type.split(";")[0]};base64,${body.base64}`, alt: "the body" });
  const text = asText(bytes);
  if (text === null) return make("pre", {}, hex(bytes));
  if (type.includes("json")) try { return make("pre", {}, JSON.stringify(JSON.parse(text), null, 2)); } catch { /* cut, or none */ }
  return make("pre", {}, text);
}

// As far as it goes: a body that was cut has no end.
async function unpack(bytes, encoding) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(encoding)).getReader();
  const parts = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || length > 1048576) break;
      parts.push(value);
      length += value.length;
    }
  } catch { /* the rest was not kept */ }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function asText(bytes) {
  const text = new TextDecoder().decode(bytes);
  const strange = [...text.slice(0, 2000)].filter((character) => character === "\uFFFD" || (character < " " && !"\n\r\t".includes(character))).length;
  return strange > 2 + text.length / 50 ? null : text;
}

function hex(bytes) {
  const lines = [];
  for (let start = 0; start < Math.min(bytes.length, 1024); start += 16) {
    const part = [...bytes.slice(start, start + 16)];
    lines.push(`${start.toString(16).padStart(4, "0")}  ${part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(47)}  ${part.map((byte) => byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".").join("")}`);
  }
  return lines.join("\n") + (bytes.length > 1024 ? "\n…" : "");
}

function frame({ isFromVisitor, ms, opcode, size: count, base64 }) {
  const bytes = bytesOf(base64);
  let text = opcode === 8 && bytes.length >= 2 ? `${bytes[0] * 256 + bytes[1]} ${asText(bytes.slice(2)) ?? ""}` : asText(bytes) ?? hex(bytes);
  if (bytes.length < count) text += "…";
  return make("li", {},
    make("span", { className: isFromVisitor ? "up" : "down", title: isFromVisitor ? "from the visitor" : "to the visitor" }, isFromVisitor ? "↑" : "↓"),
    make("span", { className: "soft" }, `${(ms / 1000).toFixed(2)} s`), make("span", { className: "soft" }, `${opcodes[opcode] ?? opcode} ${size(count)}`), make("span", { className: "text" }, text));
}

// A command line for a POSIX shell: whatever strangers sent stands in single quotes.
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curl({ exchange, request }) {
  const host = fieldOf(request.fields, "host");
  const said = fieldOf(request.fields, "x-forwarded-proto");
  const scheme = /^https?$/.test(said) ? said : /:\d+$/.test(host) ? "http" : "https";
  const words = ["curl", "-g"];
  if (exchange.method === "HEAD") words.push("--head");
  else if (exchange.method !== (request.body.size ? "POST" : "GET")) words.push("-X", quote(exchange.method));
  for (const [name, value] of request.fields) {
    if (/^(host|content-length|connection|keep-alive|transfer-encoding|upgrade|te|trailer|accept-encoding|x-forwarded-.*|forwarded|x-real-ip|expect)$/i.test(name)) continue;
    words.push("-H", quote(value === "" ? `${name};` : `${name}: ${value}`));
  }
  const bytes = bytesOf(request.body.base64);
  let before = "";
  if (bytes.length) {
    let text = null;
    try { text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch { /* no text */ }
    if (text === null || text.includes("\0")) {
      before = `printf %s ${quote(request.body.base64)} | base64 -d | `;
      words.push("--data-binary", "@-");
    } else words.push("--data-raw", quote(text));
  }
  const target = exchange.target.startsWith("/") ? exchange.target : "/";
  return `${before}${words.join(" ")} ${quote(`${scheme}://${host}${target}`)}`;
}

// Keys and the connection

function move(step) {
  const ids = visibleIDs();
  if (!ids.length) return;
  const index = ids.indexOf(chosen);
  choose(ids[index < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, index + step))]);
}

list.addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, Home: -1e9, End: 1e9 };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in steps) move(steps[event.key]);
  else if (event.key === "Enter") detail.focus();
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target !== filter) { filter.focus(); event.preventDefault(); }
  if (event.key === "Escape" && event.target === filter) { filter.value = ""; refilter(); list.focus(); }
});

function refilter() {
  for (const [id, row] of rows) row.hidden = !matches(exchanges.get(id));
  count();
}
filter.addEventListener("input", refilter);
byID("clear").addEventListener("click", () => { ask("/clear", "POST").catch(() => {}); });

function connect() {
  const url = new URL(`/events?token=${encodeURIComponent(token)}`, location.href);
  url.protocol = url.protocol.replace(/^http/, "ws");
  const socket = new WebSocket(url);
  socket.onopen = () => { byID("offline").hidden = true; };
  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  socket.onclose = () => { byID("offline").hidden = false; setTimeout(connect, 1000); };
}

count();
connect();
