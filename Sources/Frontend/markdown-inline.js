// The inline half of the Markdown renderer: CommonMark 0.31 plus strikethrough and bare links, as HTML text.
// One pass over the characters makes a doubly linked list of pieces; brackets and delimiter runs point into it, so that an emphasis or
// a link is made by wrapping a stretch of the list, never by copying it.

import { decodeReference, encodeTarget, escapable, escapeHTML, normalizeLabel, readLabel, readTarget } from "./markdown-words.js";
import { readTitle, unescapeText, withBareLinks } from "./markdown-words.js";

const unicodePunctuation = /[\p{P}\p{S}]/u;
const unicodeSpace = /[\s\u00a0]/u;
const htmlTag = /^(?:<[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*\s*\/?>|<\/[A-Za-z][A-Za-z0-9-]*\s*>|<!-->|<!--->|<!--[^]*?-->|<\?[^]*?\?>|<![A-Za-z][^>]*>|<!\[CDATA\[[^]*?\]\]>)/;
const autolinkUri = /^<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\u0000-\u001f]*)>/;
const autolinkMail = /^<([\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)>/;
const bareAddressAhead = /(?:https?:\/\/|www\.)[^\s<\[\]`]+/g;
const referenceForm = /^&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});/;

function skipSpace(text, at) {
  let i = at;
  while (i < text.length && /[ \t\n\r\f\v]/.test(text[i])) i += 1;
  return i;
}

class InlineParser {
  constructor(text, context) {
    this.text = text;
    this.at = 0;
    this.context = context;
    this.head = { html: "" };
    this.tail = this.head;
    this.lastDelimiter = null;
    this.lastBracket = null;
    this.missingTicks = new Set();
  }

  append(piece) {
    piece.previous = this.tail;
    this.tail.next = piece;
    this.tail = piece;
    return piece;
  }

  appendText(text) {
    // Neighbouring text is one piece, so that a bare link is seen whole.
    if (this.tail.isPlain) this.tail.text += text;
    else this.append({ isPlain: true, text });
  }

  parse() {
    while (this.at < this.text.length) this.step();
    this.resolveDelimiters(null);
    return this.render(this.head.next, null);
  }

  step() {
    const c = this.text[this.at];
    switch (c) {
      case "\n": return this.lineBreak();
      case "\\": return this.backslash();
      case "`": return this.codeSpan();
      case "*": case "_": return this.delimiterRun(c);
      case "~": return this.context.options.strikethrough ? this.delimiterRun(c) : this.plain();
      case "[": return this.openBracket(1, false);
      case "!": return this.text[this.at + 1] === "[" ? this.openBracket(2, true) : this.plain();
      case "]": return this.closeBracket();
      case "<": return this.angle();
      case "&": return this.reference();
      default: return this.plain();
    }
  }

  plain() {
    let end = this.at + 1;
    while (end < this.text.length && !"\n\\`*_~[]!<&".includes(this.text[end])) end += 1;
    // Within brackets nobody knows yet whether they become a link, which may not hold another: there, rendering decides.
    if (this.context.options.autolinks && !this.lastBracket) {
      bareAddressAhead.lastIndex = this.at;
      const found = bareAddressAhead.exec(this.text);
      if (found && found.index === this.at && !/\w/.test(this.text[this.at - 1] || " ")) {
        end = this.at + trimmedAddress(found[0]).length;
        this.append({ html: withBareLinks(this.text.slice(this.at, end)), alt: escapeHTML(this.text.slice(this.at, end)) });
        this.at = end;
        return;
      }
      if (found && found.index < end && found.index > this.at) end = found.index;
    }
    this.appendText(this.text.slice(this.at, end));
    this.at = end;
  }

  lineBreak() {
    let hard = this.context.options.breaks;
    if (this.tail.isPlain) {
      if (/ {2,}$/.test(this.tail.text)) hard = true;
      this.tail.text = this.tail.text.replace(/[ \t]+$/, "");
    }
    this.append({ html: hard ? "<br />\n" : "\n", alt: "\n" });
    this.at += 1;
    while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at += 1;
  }

  backslash() {
    const next = this.text[this.at + 1];
    if (next === "\n") {
      this.append({ html: "<br />\n", alt: "\n" });
      this.at += 2;
      while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at += 1;
    } else if (next && escapable.includes(next)) {
      this.append({ text: next });
      this.at += 2;
    } else {
      this.appendText("\\");
      this.at += 1;
    }
  }

  codeSpan() {
    const ticks = /^`+/.exec(this.text.slice(this.at, this.at + 2000))[0].length;
    const start = this.at + ticks;
    // A length that was once searched in vain is never searched again: thousands of unmatched ticks stay cheap.
    if (!this.missingTicks.has(ticks)) {
      let i = this.text.indexOf("`", start);
      while (i !== -1) {
        let end = i;
        while (this.text[end] === "`") end += 1;
        if (end - i === ticks) {
          let code = this.text.slice(start, i).replace(/\n/g, " ");
          if (/^ .* $/.test(code) && /[^ ]/.test(code)) code = code.slice(1, -1);
          this.append({ html: `<code>${escapeHTML(code)}</code>`, alt: code });
          this.at = end;
          return;
        }
        i = this.text.indexOf("`", end);
      }
      this.missingTicks.add(ticks);
    }
    this.append({ text: "`".repeat(ticks) });
    this.at = start;
  }

  delimiterRun(c) {
    let end = this.at;
    while (this.text[end] === c) end += 1;
    const length = end - this.at;
    const before = this.at === 0 ? "\n" : lastCharacter(this.text, this.at);
    const after = end >= this.text.length ? "\n" : String.fromCodePoint(this.text.codePointAt(end));
    const spaceBefore = unicodeSpace.test(before);
    const spaceAfter = unicodeSpace.test(after);
    const markBefore = unicodePunctuation.test(before);
    const markAfter = unicodePunctuation.test(after);
    const left = !spaceAfter && (!markAfter || spaceBefore || markBefore);
    const right = !spaceBefore && (!markBefore || spaceAfter || markAfter);
    const piece = this.append({ text: this.text.slice(this.at, end) });
    this.at = end;
    if (c === "~" && length > 2) return;
    const delimiter = {
      c, piece, count: length, length, previous: this.lastDelimiter, next: null,
      canOpen: c === "_" ? left && (!right || markBefore) : left,
      canClose: c === "_" ? right && (!left || markAfter) : right,
    };
    if (this.lastDelimiter) this.lastDelimiter.next = delimiter;
    this.lastDelimiter = delimiter;
  }

  dropDelimiter(delimiter) {
    if (delimiter.previous) delimiter.previous.next = delimiter.next;
    if (delimiter.next) delimiter.next.previous = delimiter.previous;
    else this.lastDelimiter = delimiter.previous;
  }

  // Matches closers with openers above `bottom` and wraps what lies between.
  resolveDelimiters(bottom) {
    if (this.lastDelimiter === bottom) return;
    const floors = new Map();
    let closer = this.lastDelimiter;
    while (closer && closer.previous !== bottom) closer = closer.previous;
    while (closer) {
      if (!closer.canClose) { closer = closer.next; continue; }
      const key = `${closer.c}${closer.canOpen}${closer.length % 3}${closer.c === "~" ? closer.length : ""}`;
      let opener = closer.previous;
      while (opener && opener !== bottom && opener !== floors.get(key) && !this.matches(opener, closer)) opener = opener.previous;
      if (!opener || opener === bottom || opener === floors.get(key)) {
        floors.set(key, closer.previous);
        const next = closer.next;
        if (!closer.canOpen) this.dropDelimiter(closer);
        closer = next;
        continue;
      }
      closer = this.wrap(opener, closer);
    }
    while (this.lastDelimiter && this.lastDelimiter !== bottom) this.dropDelimiter(this.lastDelimiter);
  }

  matches(opener, closer) {
    if (opener.c !== closer.c || !opener.canOpen) return false;
    if (opener.c === "~") return opener.length === closer.length;
    if (!opener.canClose && !closer.canOpen) return true;
    return (opener.length + closer.length) % 3 !== 0 || (opener.length % 3 === 0 && closer.length % 3 === 0);
  }

  wrap(opener, closer) {
    const isStrike = opener.c === "~";
    const used = isStrike ? opener.length : opener.count >= 2 && closer.count >= 2 ? 2 : 1;
    const tag = isStrike ? "del" : used === 2 ? "strong" : "em";
    while (closer.previous !== opener) this.dropDelimiter(closer.previous);
    const first = { html: `<${tag}>`, alt: "" };
    const last = { html: `</${tag}>`, alt: "" };
    this.insertAfter(opener.piece, first);
    this.insertAfter(closer.piece.previous, last);
    for (const side of [opener, closer]) {
      side.count -= used;
      side.piece.text = side.piece.text.slice(used);
    }
    if (opener.count === 0) this.dropDelimiter(opener);
    if (closer.count > 0) return closer;
    const next = closer.next;
    this.dropDelimiter(closer);
    return next;
  }

  insertAfter(piece, fresh) {
    fresh.previous = piece;
    fresh.next = piece.next;
    if (piece.next) piece.next.previous = fresh;
    else this.tail = fresh;
    piece.next = fresh;
  }

  openBracket(length, isImage) {
    const piece = this.append({ text: this.text.slice(this.at, this.at + length) });
    this.at += length;
    if (this.lastBracket) this.lastBracket.hasInner = true;
    this.lastBracket = {
      piece, isImage, start: this.at, active: true, hasInner: false, previous: this.lastBracket, delimiter: this.lastDelimiter,
    };
  }

  closeBracket() {
    const bracket = this.lastBracket;
    const close = this.at;
    this.at += 1;
    if (!bracket) { this.appendText("]"); return; }
    const target = bracket.active ? this.inlineTarget() || this.referenceTarget(bracket, close) : null;
    this.lastBracket = bracket.previous;
    if (!target) { this.at = close + 1; this.append({ text: "]" }); return; }
    this.at = target.end;
    this.resolveDelimiters(bracket.delimiter);
    const resolve = this.context.resolve;
    const title = target.title === null ? "" : ` title="${escapeHTML(unescapeText(target.title, resolve))}"`;
    const address = encodeTarget(unescapeText(target.address, resolve));
    if (bracket.isImage) {
      // An image's description is the plain text of what would have been its contents.
      const alt = this.render(bracket.piece.next, null, true);
      bracket.piece.next = undefined;
      this.tail = bracket.piece;
      bracket.piece.text = undefined;
      bracket.piece.html = `<img src="${address}" alt="${alt}"${title} />`;
      bracket.piece.alt = alt;
    } else {
      bracket.piece.text = undefined;
      bracket.piece.html = `<a href="${address}"${title}>`;
      bracket.piece.alt = "";
      bracket.piece.opensLink = true;
      this.append({ html: "</a>", alt: "", closesLink: true });
      // Links do not nest: every bracket that is still open around this one can no longer become a link.
      for (let outer = this.lastBracket; outer; outer = outer.previous) if (!outer.isImage) outer.active = false;
    }
  }

  inlineTarget() {
    const text = this.text;
    if (text[this.at] !== "(") return null;
    let at = skipSpace(text, this.at + 1);
    const address = readTarget(text, at);
    if (!address) return null;
    at = skipSpace(text, address.end);
    let title = null;
    if (at > address.end) {
      const found = readTitle(text, at);
      if (found) { title = found.value; at = skipSpace(text, found.end); }
    }
    return text[at] === ")" ? { address: address.value, title, end: at + 1 } : null;
  }

  referenceTarget(bracket, close) {
    const label = readLabel(this.text, this.at);
    let name = null;
    let end = this.at;
    if (label) { name = label.value; end = label.end; }
    else if (!bracket.hasInner) {
      name = this.text.slice(bracket.start, close);
      if (this.text.startsWith("[]", this.at)) end = this.at + 2;
    }
    if (name === null || name.length > 999) return null;
    const found = this.context.references.get(normalizeLabel(name));
    return found ? { address: found.address, title: found.title, end } : null;
  }

  angle() {
    const rest = this.text.slice(this.at, this.at + 20000);
    const uri = autolinkUri.exec(rest);
    const mail = uri ? null : autolinkMail.exec(rest);
    if (uri || mail) {
      const shown = (uri || mail)[1];
      this.append({ html: `<a href="${mail ? "mailto:" : ""}${encodeTarget(shown)}">${escapeHTML(shown)}</a>`, alt: escapeHTML(shown) });
      this.at += (uri || mail)[0].length;
      return;
    }
    const tag = htmlTag.exec(rest);
    if (tag) {
      this.append({ html: tag[0], alt: "", opensLink: /^<a\s/i.test(tag[0]), closesLink: /^<\/a\s*>/i.test(tag[0]) });
      this.at += tag[0].length;
      return;
    }
    this.append({ text: "<" });
    this.at += 1;
  }

  reference() {
    const found = referenceForm.exec(this.text.slice(this.at, this.at + 40));
    const decoded = found && decodeReference(found[0], this.context.resolve);
    if (decoded === null || decoded === undefined) { this.appendText("&"); this.at += 1; return; }
    this.append({ text: decoded });
    this.at += found[0].length;
  }

  render(first, end, asPlainText) {
    let html = "";
    let linkDepth = 0;
    for (let piece = first; piece && piece !== end; piece = piece.next) {
      if (asPlainText) { html += piece.html === undefined ? escapeHTML(piece.text) : piece.alt; continue; }
      if (piece.opensLink) linkDepth += 1;
      if (piece.closesLink) linkDepth -= 1;
      if (piece.html !== undefined) html += piece.html;
      else html += piece.isPlain && linkDepth <= 0 && this.context.options.autolinks ? withBareLinks(piece.text) : escapeHTML(piece.text);
    }
    return html;
  }
}

function lastCharacter(text, end) {
  const low = text.charCodeAt(end - 1);
  return low >= 0xdc00 && low <= 0xdfff && end > 1 ? text.slice(end - 2, end) : text[end - 1];
}

// Inline Markdown as HTML. `context` is { references, resolve, options }.
export function renderInline(text, context) {
  return new InlineParser(text, context).parse();
}
