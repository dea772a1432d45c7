// The code editor of a textarea: line numbers, colours as one types, indentation, matching brackets, full screen. The textarea stays what
// is typed into, so undo, input methods and screen readers work as ever; its text is transparent and lies exactly over the same text in
// colour. Loaded with the first field that asks for it.

const indentOf = { python: "    ", yaml: "  ", html: "  ", css: "  ", json: "  " };
const colorLimit = 60000;        // characters; beyond that colours would be late for the typing
const pairs = { "(": ")", "[": "]", "{": "}" };
const openers = Object.fromEntries(Object.entries(pairs).map(([open, close]) => [close, open]));

const style = `
.w-editor-scroll { display: grid; grid-template-columns: auto 1fr; block-size: 100%; overflow: auto; overscroll-behavior: contain; direction: ltr; text-align: left; font: .875rem/1.45rem var(--mono); tab-size: 4; border-radius: inherit; }
.w-editor-lines { position: sticky; left: 0; z-index: 2; min-inline-size: 2.9em; padding: .55rem .7em .55rem .5em; color: var(--muted); background: var(--sunken); border-right: 1px solid var(--line); text-align: right; white-space: pre; user-select: none; font-variant-numeric: tabular-nums; }
.w-editor-text { display: grid; position: relative; min-inline-size: max-content; }
.w-editor-text > pre, .w-editor-text > textarea { grid-area: 1 / 1; margin: 0; padding: .55rem .8rem; border: 0; font: inherit; tab-size: inherit; letter-spacing: normal; white-space: pre; overflow-wrap: normal; }
.w-editor-text > pre { pointer-events: none; min-block-size: 100%; color: var(--text); }
.w-editor-text > textarea.w-input { position: relative; z-index: 1; inline-size: 100%; block-size: 100%; min-block-size: 0; border-radius: 0; overflow: hidden; resize: none; background: none; box-shadow: none; outline: none; color: transparent; -webkit-text-fill-color: transparent; caret-color: var(--text); line-height: inherit; }
.w-editor-text > textarea::placeholder { -webkit-text-fill-color: var(--muted); }
.w-editor-text > textarea::selection { background: color-mix(in srgb, var(--accent) 26%, transparent); color: transparent; }
.w-editor:hover:not(:has(textarea:disabled), :focus-within) { border-color: var(--text); }
.w-editor:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 28%, transparent); }
.w-invalid .w-editor { border-color: var(--danger); }
.w-editor:has(textarea:read-only) { background: var(--sunken); }
.w-editor-bracket { position: absolute; border-radius: .2em; background: color-mix(in srgb, var(--accent) 22%, transparent); box-shadow: inset 0 0 0 1px var(--accent); pointer-events: none; }
.w-editor-bracket.w-unmatched { background: color-mix(in srgb, var(--danger) 22%, transparent); box-shadow: inset 0 0 0 1px var(--danger); }
.w-editor-full { position: absolute; z-index: 3; inset-block-end: .4rem; inset-inline-end: .6rem; display: grid; place-items: center; inline-size: 1.9rem; block-size: 1.9rem; padding: 0; border: 1px solid var(--line); border-radius: calc(var(--radius) * .7); background: var(--surface); color: var(--muted); cursor: pointer; opacity: 0; transition: opacity var(--fast); }
.w-editor:hover .w-editor-full, .w-editor:focus-within .w-editor-full { opacity: 1; }
.w-editor-full:hover { color: var(--text); }
@media (hover: none) { .w-editor-full { opacity: 1; } }
.w-editor.w-fullscreen { position: fixed; inset: 0; z-index: 50; block-size: auto !important; border: 0; border-radius: 0; box-shadow: none; background: var(--page); }
.w-editor.w-fullscreen .w-editor-full { opacity: 1; inset-block-end: .8rem; }
@media (forced-colors: active) { .w-editor-text > pre { visibility: hidden; } .w-editor-text > textarea.w-input { color: CanvasText; -webkit-text-fill-color: CanvasText; } }
@media print { .w-editor { block-size: auto !important; } .w-editor-full, .w-editor-bracket { display: none; } .w-editor-text { white-space: pre-wrap; } }
`;

let hasStyle = false;

export function makeEditor(core, field, frame) {
  if (!hasStyle) core.addStyleSheet(style);
  hasStyle = true;
  return new Editor(core, field, frame);
}

class Editor {
  constructor(core, field, frame) {
    this.core = core;
    this.frame = frame;
    this.area = field.control;
    const { code } = field.spec;
    this.mode = typeof code === "object" && code ? code.mode ?? code.language : code;
    this.language = "";
    this.highlighter = null;
    const { h, say } = core;
    this.lines = h("div", { class: "w-editor-lines", "aria-hidden": "true" });
    this.text = h("pre", { "aria-hidden": "true" });
    const hadFocus = document.activeElement === this.area;
    const { selectionStart, selectionEnd } = this.area;
    this.place = h("div", { class: "w-editor-text" }, this.text, this.area);
    this.scroller = h("div", { class: "w-editor-scroll" }, this.lines, this.place);
    this.full = h("button", { type: "button", class: "w-editor-full", "aria-pressed": "false", "aria-label": say("full_screen"), title: `${say("full_screen")} (F11)`, onclick: () => this.toggleFull() }, core.icon("expand"));
    frame.append(this.scroller, this.full);
    this.area.setAttribute("aria-description", say("editor_keys"));
    this.area.setAttribute("autocapitalize", "off");
    this.area.setAttribute("autocomplete", "off");
    if (hadFocus) { this.area.focus({ preventScroll: true }); this.area.setSelectionRange(selectionStart, selectionEnd); }
    this.area.addEventListener("input", () => this.draw());
    this.area.addEventListener("keydown", (event) => this.pressed(event));
    // The document's listeners must not keep an editor that has gone.
    const selected = () => this.markBrackets();
    const watch = () => { this.leaves = false; document.addEventListener("selectionchange", selected); };
    this.area.addEventListener("focus", watch);
    this.area.addEventListener("blur", () => { document.removeEventListener("selectionchange", selected); this.markBrackets(); });
    if (hadFocus) watch();
    this.draw();
    if (typeof this.mode === "string" || typeof this.mode === "object") {
      core.loadPart("highlight").then((module) => {
        this.highlighter = module;
        this.language = module.languageName(this.mode);
        this.draw();
      }).catch((error) => console.error(error));
    }
  }

  draw() {
    const value = this.area.value;
    const isLong = value.length > colorLimit;
    this.tokens = (!isLong && this.highlighter?.tokensOf(value, this.language)) || [];
    // A last line that is empty has no height of its own.
    if (this.tokens.length) this.text.replaceChildren(this.highlighter.colored(value, this.tokens), "\n");
    else this.text.textContent = `${value}\n`;
    const count = value.split("\n").length;
    if (count !== this.count) this.lines.textContent = Array.from({ length: count }, (_, i) => i + 1).join("\n");
    this.count = count;
    this.markBrackets();
  }

  // Typing as the browser does it, so that it can be undone.
  insert(text) {
    const ok = text === "" ? document.execCommand("delete") : document.execCommand("insertText", false, text);
    if (ok) return;
    this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  get indent() { return indentOf[this.highlighter ? this.language : ""] ?? "    "; }

  // The line in which a position is, up to it.
  before(position) { return this.area.value.slice(this.area.value.lastIndexOf("\n", position - 1) + 1, position); }

  // Tab indents, as in an editor; Escape lets the next Tab leave the field, so that the keyboard is never trapped.
  pressed(event) {
    const { area } = this;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (key === "F11") { event.preventDefault(); this.toggleFull(); return; }
    if (key === "Escape") {
      if (this.isFull) { event.preventDefault(); event.stopPropagation(); this.toggleFull(); }
      else this.leaves = true;
      return;
    }
    if (key === "Shift") return;
    const leaves = this.leaves;
    this.leaves = false;
    if (area.readOnly) return;
    if (key === "Tab" && !leaves) { event.preventDefault(); this.shiftLines(event.shiftKey); }
    else if (key === "Enter" && !event.shiftKey) { event.preventDefault(); this.breakLine(); }
    else if (openers[key] && area.selectionStart === area.selectionEnd) this.outdentBefore(key);
  }

  shiftLines(isBack) {
    const { area, indent } = this;
    const { value, selectionStart: start, selectionEnd: end } = area;
    if (!isBack && !value.slice(start, end).includes("\n")) {
      const column = this.before(start).length;
      this.insert(indent.slice(column % indent.length));
      return;
    }
    const from = value.lastIndexOf("\n", start - 1) + 1;
    // A selection that ends at the start of a line does not mean that line.
    const last = end > start && value[end - 1] === "\n" ? end - 1 : end;
    const next = value.indexOf("\n", last);
    const to = next < 0 ? value.length : next;
    const old = value.slice(from, to);
    const lead = new RegExp(`^(?:\t| {1,${indent.length}})`);
    const lines = old.split("\n").map((line) => (isBack ? line.replace(lead, "") : line && indent + line));
    const fresh = lines.join("\n");
    if (fresh === old) return;
    area.setSelectionRange(from, to);
    this.insert(fresh);
    if (start === end) {
      const caret = Math.max(from, start + fresh.length - old.length);
      area.setSelectionRange(caret, caret);
    } else area.setSelectionRange(from, from + fresh.length);
    this.markBrackets();
  }

  // A new line is indented as the one before it, and further after what opens a block.
  breakLine() {
    const { area } = this;
    const line = this.before(area.selectionStart);
    const lead = /^[ \t]*/.exec(line)[0];
    const last = line.trimEnd().slice(-1);
    const opens = last in pairs || (last === ":" && ["python", "py", "yaml", "yml"].includes(this.language));
    const deeper = opens ? lead + this.indent : lead;
    this.insert(`\n${deeper}`);
    // Between brackets the closing one gets a line of its own.
    if (opens && pairs[last] && area.value[area.selectionEnd] === pairs[last]) {
      const caret = area.selectionEnd;
      this.insert(`\n${lead}`);
      area.setSelectionRange(caret, caret);
      this.markBrackets();
    }
  }

  // A closing bracket that is the first of its line goes back to where its block began.
  outdentBefore() {
    const { area, indent } = this;
    const line = this.before(area.selectionStart);
    if (line === "" || line.trim() !== "") return;
    const less = line.endsWith("\t") ? 1 : Math.min(indent.length, /[ ]*$/.exec(line)[0].length);
    area.setSelectionRange(area.selectionStart - less, area.selectionStart);
    this.insert("");
  }

  // The bracket before or behind the caret, and its other half.
  markBrackets() {
    for (const mark of this.place.querySelectorAll(".w-editor-bracket")) mark.remove();
    const { selectionStart: caret, selectionEnd, value } = this.area;
    if (document.activeElement !== this.area || caret !== selectionEnd || value.length > colorLimit) return;
    const at = [caret - 1, caret].find((i) => i >= 0 && (pairs[value[i]] || openers[value[i]]) && !this.isQuoted(i));
    if (at === undefined) return;
    const other = this.partnerOf(at);
    this.mark(at, other === null);
    if (other !== null) this.mark(other, false);
  }

  isQuoted(position) {
    return this.tokens.some(({ kind, start, end }) => (kind === "string" || kind === "comment") && start <= position && position < end);
  }

  partnerOf(at) {
    const { value } = this.area;
    const isOpening = Boolean(pairs[value[at]]);
    const step = isOpening ? 1 : -1;
    const quoted = new Uint8Array(value.length);
    for (const { kind, start, end } of this.tokens) if (kind === "string" || kind === "comment") quoted.fill(1, start, end);
    const expected = [];
    for (let i = at; i >= 0 && i < value.length; i += step) {
      if (quoted[i]) continue;
      const one = value[i];
      const closes = isOpening ? openers[one] : pairs[one];
      if (isOpening ? pairs[one] : openers[one]) expected.push(isOpening ? pairs[one] : openers[one]);
      else if (closes) {
        if (expected.pop() !== one) return null;
        if (expected.length === 0) return i;
      }
    }
    return null;
  }

  mark(position, isUnmatched) {
    const walker = document.createTreeWalker(this.text, NodeFilter.SHOW_TEXT);
    let left = position;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left >= node.length) { left -= node.length; continue; }
      const range = document.createRange();
      range.setStart(node, left);
      range.setEnd(node, left + 1);
      const box = range.getBoundingClientRect();
      const home = this.place.getBoundingClientRect();
      const mark = this.core.h("div", { class: `w-editor-bracket${isUnmatched ? " w-unmatched" : ""}` });
      Object.assign(mark.style, { left: `${box.left - home.left}px`, top: `${box.top - home.top}px`, width: `${box.width}px`, height: `${box.height}px` });
      this.place.append(mark);
      return;
    }
  }

  get isFull() { return this.frame.classList.contains("w-fullscreen"); }

  toggleFull() {
    const isFull = this.frame.classList.toggle("w-fullscreen");
    this.full.setAttribute("aria-pressed", String(isFull));
    this.area.focus({ preventScroll: true });
    this.markBrackets();
  }
}
