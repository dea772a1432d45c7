// The words of inline Markdown: escapes, character references, link targets, titles and labels, and addresses in running text.

export const escapable = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const linkTitle = /^(?:"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\((?:[^()\\]|\\[^])*\))/;
const bareLink = /(^|[\s*_~(])((?:https?:\/\/|www\.)[^\s<]+|[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z0-9]{2,})/g;

export function escapeHTML(text) {
  return text.replace(/[&<>"]/g, (c) => (c === "&" ? "&amp;" : c === "<" ? "&lt;" : c === ">" ? "&gt;" : "&quot;"));
}

export function decodeReference(reference, resolve) {
  const numeric = /^&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));$/.exec(reference);
  if (!numeric) return resolve(reference);
  const code = numeric[1] ? parseInt(numeric[1], 16) : parseInt(numeric[2], 10);
  return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? "\ufffd" : String.fromCodePoint(code);
}

// Backslash escapes and character references resolved: for link targets, titles and info strings.
export function unescapeText(text, resolve) {
  return text.replace(/\\([!-/:-@[-`{-~])|&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});/g,
    (whole, escaped) => escaped || (decodeReference(whole, resolve) ?? whole));
}

// A link target as it goes into an attribute: what is already percent-encoded stays.
export function encodeTarget(target) {
  return escapeHTML(target.replace(/%(?![0-9a-fA-F]{2})|[^\w\-.~:/?#@!$&'()*+,;=%]+/g, (part) => {
    try { return encodeURIComponent(part); } catch { return "%EF%BF%BD"; }
  }));
}

// Labels match without regard to case and inner white space.
export function normalizeLabel(label) {
  return label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase();
}

// Reads `<target>` or a bare target with balanced parentheses at `start`; null if there is none.
export function readTarget(text, start) {
  if (text[start] === "<") {
    for (let i = start + 1; i < text.length; i += 1) {
      if (text[i] === "\\") i += 1;
      else if (text[i] === ">") return { value: text.slice(start + 1, i), end: i + 1 };
      else if (text[i] === "<" || text[i] === "\n") return null;
    }
    return null;
  }
  let depth = 0;
  let i = start;
  for (; i < text.length; i += 1) {
    const c = text[i];
    if (c === "\\" && escapable.includes(text[i + 1] ?? "\n")) i += 1;
    else if (c === "(") { depth += 1; if (depth > 32) return null; }
    else if (c === ")") { if (depth === 0) break; depth -= 1; }
    else if (c <= " " || c === "\u007f") break;
  }
  return depth === 0 ? { value: text.slice(start, i), end: i } : null;
}

export function readTitle(text, start) {
  const found = linkTitle.exec(text.slice(start));
  return found ? { value: found[0].slice(1, -1), end: start + found[0].length } : null;
}

// A link label `[…]` at `start`: no unescaped brackets inside, at most 999 characters, not only white space.
export function readLabel(text, start) {
  if (text[start] !== "[") return null;
  for (let i = start + 1; i < text.length && i - start < 1001; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === "[") return null;
    else if (text[i] === "]") {
      const value = text.slice(start + 1, i);
      return value.trim() ? { value, end: i + 1 } : null;
    }
  }
  return null;
}

// Punctuation at the end of an address, and a closing parenthesis that nothing opened, belong to the sentence.
function trimmedAddress(text) {
  let address = text.replace(/[?!.,:;*_~'"]+$/, "");
  while (address.endsWith(")") && address.split(")").length > address.split("(").length) address = address.slice(0, -1).replace(/[?!.,:;]+$/, "");
  return address;
}

// Running text with its bare addresses as links.
export function withBareLinks(text) {
  let html = "";
  let done = 0;
  for (const found of text.matchAll(bareLink)) {
    const address = trimmedAddress(found[2]);
    const start = found.index + found[1].length;
    const scheme = address.startsWith("www.") ? "http://" : /^https?:/.test(address) ? "" : "mailto:";
    html += `${escapeHTML(text.slice(done, start))}<a href="${scheme}${encodeTarget(address)}">${escapeHTML(address)}</a>`;
    done = start + address.length;
  }
  return html + escapeHTML(text.slice(done));
}
