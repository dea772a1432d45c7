// The element builder. Everything the page shows is made here or by document.createElement: text is always a text node, so no value
// of an app or a visitor can turn into markup by accident.

let lastId = 0;

// A document-wide unique id for label/for, aria-describedby and the like.
export function uniqueId(prefix) {
  lastId += 1;
  return `w-${prefix}-${lastId}`;
}

// h("p", { class: "x", onclick: f, hidden: true }, "text", element, [more])
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  appendAll(element, children);
  return element;
}

export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "style") addStyle(element, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

// The Content-Security-Policy forbids style attributes but not the style object, so style text always goes through here.
export function addStyle(element, text) {
  if (typeof text === "string" && text !== "") element.style.cssText += `;${text}`;
}

export function appendAll(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) appendAll(parent, child);
    else if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
}

export function byId(id) {
  return document.getElementById(id);
}

// A small line icon. Paths are ours, drawn on a 16 by 16 grid with the current text colour.
export function icon(name) {
  const paths = {
    close: "M4 4l8 8M12 4l-8 8",
    copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
    check: "M3 8.5l3.5 3.5L13 4.5",
    info: "M8 7.2v4.3M8 4.4v.2M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z",
    success: "M5 8.3l2.1 2.1L11 6.2M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z",
    warning: "M8 6v3.4M8 11.6v.2M8 1.8l6.6 12.2H1.4z",
    danger: "M8 4.4v4.4M8 11.4v.2M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z",
    file: "M9 1.8H3.5v12.4h9V5.3zM9 1.8v3.5h3.5",
    download: "M8 2v8M4.8 7.2L8 10.4l3.2-3.2M2.5 13.5h11",
    expand: "M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9",
    chevron: "M6 3.5L10.5 8 6 12.5",
  };
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "w-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths[name] || paths.info);
  svg.append(path);
  return svg;
}

// A style sheet of a part that is loaded later. A constructed sheet is script, not inline style, so the policy allows it.
export function addStyleSheet(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

// What can be scrolled must be reachable by keyboard, but only then should it cost a press of Tab.
const scrollWatcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

export function focusableIfScrollable(element) {
  scrollWatcher.observe(element);
  return element;
}

// The nonce of this response, for scripts and style sheets that trusted markup brings along.
export function pageNonce() {
  const element = document.querySelector("script[nonce]");
  return element ? element.nonce : "";
}

export function prefersReducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Bytes as a visitor reads them: 1536 is "1.5 KB".
export function readableSize(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) { size /= 1024; unit += 1; }
  return `${size >= 10 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function bytesFromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
