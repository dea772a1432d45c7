// Markup from strings. The only place of the page where text becomes elements, with two doors:
// `sanitizedFragment` copies what an allow-list names into fresh elements (nothing of the parsed tree survives, so there is no second
// parse that could be confused), `trustedFragment` takes everything and is for HTML that the app itself vouches for.

import { pageNonce } from "./dom.js";

const allowedTags = new Set((
  "a abbr address article aside audio b bdi bdo blockquote br caption center cite code col colgroup data dd del details dfn div dl dt em " +
  "figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd li main mark meter nav ol p picture pre progress q rp rt " +
  "ruby s samp section small source span strike strong sub summary sup table tbody td tfoot th thead time tr track tt u ul var video wbr font"
).split(" "));

// These take their contents with them; any other unknown tag only loses itself.
const droppedWhole = new Set((
  "script style iframe frame frameset object embed applet template noscript noembed noframes title head link meta base svg math " +
  "select textarea xmp plaintext"
).split(" "));

const allowedAttributes = new Set((
  "abbr align alt cite class color colspan controls datetime dir download face headers height high hreflang href id kind label lang loop low " +
  "max min muted nowrap open optimum poster preload rel reversed role rowspan scope size sizes span src srclang start target title type " +
  "valign value width style loading decoding checked"
).split(" "));

const linkAttributes = new Set(["href", "src", "cite", "poster"]);
const safeSchemes = new Set(["http:", "https:", "mailto:", "tel:", "ftp:"]);
const mediaTags = new Set(["img", "audio", "video", "source", "track"]);

const allowedStyles = /^(color|background-color|text-|font|line-height|letter-spacing|word-|white-space|vertical-align|width|height|max-|min-|margin|padding|border|display|float|clear|list-style|opacity|gap|flex|grid|justify-|align-|place-|order|overflow|columns?|column-|aspect-ratio|object-fit|table-layout|direction)/;

// Even in a document that never runs, the browser reports each style and handler attribute as a breach of the page's policy. They
// travel under another name instead. Whatever this misses is reported, but still without effect: it is no part of the defence.
const liveAttribute = /(\s)(style|on[a-z]+)(?=\s*=)/gi;
const markupPieces = /<!--[^]*?-->|<(script|style|textarea|title)\b[^]*?<\/\1\s*>|<[a-z](?:[^>"']|"[^"]*"|'[^']*')*>/gi;
const renamed = "data-webio-attr-";

function renameLiveAttributes(html) {
  if (!/\s(style|on[a-z]+)\s*=|<style/i.test(html)) return html;
  return html.replace(markupPieces, (piece, rawTag) => {
    if (piece.startsWith("<!--")) return piece;
    const end = rawTag ? piece.indexOf(">") + 1 : piece.length;
    const tag = piece.slice(0, end).replace(liveAttribute, `$1${renamed}$2`);
    // A style sheet of trusted markup is checked when it is parsed, not when it is inserted; the other door drops it anyway.
    return tag.replace(/^<style/i, `<style nonce="${pageNonce()}"`) + piece.slice(end);
  });
}

// The attribute's real name.
export function markupName(name) {
  return name.startsWith(renamed) ? name.slice(renamed.length) : name;
}

// An inert document: DOMParser runs no script, loads no image and fires no handler.
function parsedBody(html) {
  return new DOMParser().parseFromString(`<!doctype html><body>${renameLiveAttributes(html)}`, "text/html").body;
}

export function isSafeLink(value, tag) {
  let url;
  try { url = new URL(value, location.href); } catch { return false; }
  if (safeSchemes.has(url.protocol)) return true;
  if (!mediaTags.has(tag)) return false;
  if (url.protocol === "blob:") return true;
  return url.protocol === "data:" && /^data:(image\/(png|jpe?g|gif|webp|avif|bmp|svg\+xml)|audio\/|video\/)/i.test(url.href);
}

function copyAttributes(from, to, tag) {
  for (const { name: written, value } of from.attributes) {
    const name = markupName(written);
    if (name === "style") { copyStyle(value, to); continue; }
    const isAria = name.startsWith("aria-") || name.startsWith("data-");
    if (!isAria && !allowedAttributes.has(name)) continue;
    if (linkAttributes.has(name) && !isSafeLink(value, tag)) continue;
    // Ids and classes of the page itself stay the page's: foreign markup must neither be found as a scope nor dress up as our controls.
    if (name === "id" && (/^(pywebio|webio|w-)/i.test(value) || value in document)) continue;
    if (name.startsWith("data-webio") || name === "data-handle") continue;
    if (name === "class") {
      const kept = value.split(/\s+/).filter((word) => word && !/^(w-|pywebio)/i.test(word)).join(" ");
      if (kept) to.setAttribute("class", kept);
      continue;
    }
    to.setAttribute(name, value);
  }
  if (to.hasAttribute("target")) to.setAttribute("rel", "noopener noreferrer");
}

function copyStyle(text, to) {
  const scratch = document.createElement("i").style;
  scratch.cssText = text;
  for (const property of scratch) {
    const value = scratch.getPropertyValue(property);
    if (allowedStyles.test(property) && !/url\(|expression|image-set/i.test(value)) to.style.setProperty(property, value);
  }
}

function copyClean(from, to, depth) {
  // Markup nested this deep is an attack on the stack, not a document.
  if (depth > 200) return;
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) { to.append(node.data); continue; }
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    const tag = node.localName;
    const isForeign = node.namespaceURI !== "http://www.w3.org/1999/xhtml";
    if (isForeign || droppedWhole.has(tag)) continue;
    const isCheckbox = tag === "input" && node.getAttribute("type") === "checkbox";
    if (!allowedTags.has(tag) || (tag === "input" && !isCheckbox)) { copyClean(node, to, depth + 1); continue; }
    const copy = document.createElement(tag);
    copyAttributes(node, copy, tag);
    if (isCheckbox) copy.disabled = true;
    copyClean(node, copy, depth + 1);
    to.append(copy);
  }
}

// HTML from anywhere, made harmless.
export function sanitizedFragment(html) {
  const fragment = document.createDocumentFragment();
  copyClean(parsedBody(html), fragment, 0);
  return fragment;
}

// HTML of the app itself: everything stays. Scripts and handlers are still dead here; script.js brings them to life when inserted.
export function trustedFragment(html) {
  const fragment = document.createDocumentFragment();
  fragment.append(...document.adoptNode(parsedBody(html)).childNodes);
  return fragment;
}

// The text that one HTML character reference stands for, or null if it is none: the browser knows all 2,125 names.
const knownReferences = new Map();
export function characterReference(reference) {
  if (!knownReferences.has(reference)) {
    const text = parsedBody(reference).textContent;
    // The parser also accepts `&not` inside `&notit;`; what is left over then gives it away.
    const isWhole = text !== reference && (!text.endsWith(";") || reference === "&semi;");
    knownReferences.set(reference, isWhole ? text : null);
  }
  return knownReferences.get(reference);
}
