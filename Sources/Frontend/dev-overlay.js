import { config, post } from "./dev-config.js";
import { make, shadow, shadowHost } from "./dev-shadow.js";

// What lies over the page while the code is broken: the errors of a build, or of an app that crashed.
export class Overlay {
  constructor(sign) {
    this.sign = sign;
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
    // A modal dialog, since a popup of the app is one: what lies under it cannot be reached.
    this.back = make("dialog", "back", this.card);
    this.back.addEventListener("cancel", (event) => event.preventDefault());
    this.cover();
    this.select(0);
  }

  // The page is covered; what is typed now is meant for the overlay. The focus goes back when it leaves.
  cover() {
    if (document.activeElement !== shadowHost) this.focusBefore = document.activeElement;
    shadow.append(this.back);
    this.back.showModal();
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
    post(config.devOpenPath || "/__webio/open", { file, line, column }).catch(() => {});
  }

  select(index) {
    if (!this.items.length) return;
    this.items[this.current]?.classList.remove("current");
    this.current = Math.max(0, Math.min(this.items.length - 1, index));
    this.items[this.current].classList.add("current");
    if (index !== 0) this.items[this.current].scrollIntoView({ block: "nearest" });
  }

  get isOpen() { return Boolean(this.back?.open); }

  key(event) {
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") this.hide();
    else if (event.key === "j" && !isTyping) this.select(this.current + 1);
    else if (event.key === "k" && !isTyping) this.select(this.current - 1);
    else if (event.key === "Enter" && event.target === shadowHost && shadow.activeElement === this.card) this.items[this.current]?.querySelector(".where")?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Out of the way, but not forgotten: a sign in the corner brings it back.
  hide() {
    const { back } = this;
    back.close();
    back.remove();
    this.back = null;
    this.giveFocusBack();
    this.sign.show("bad", this.title, () => { this.back = back; this.sign.hide(); this.cover(); });
  }

  giveFocusBack() {
    if (this.focusBefore?.isConnected) this.focusBefore.focus({ preventScroll: true });
    this.focusBefore = null;
  }

  clear() {
    if (this.isOpen) {
      this.back.close();
      this.back.remove();
      this.giveFocusBack();
    }
    this.back = null;
    this.items = [];
    this.current = 0;
    this.sign.hide();
  }
}
