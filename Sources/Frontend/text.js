// The widgets that are mostly words: text, markdown, html, code, links, images and media, and the error of a task.
import { bytesFromBase64, focusableIfScrollable, h, icon } from "./dom.js";
import { say } from "./i18n.js";
import { pageConfig } from "./state.js";
import { characterReference, isSafeLink, sanitizedFragment, trustedFragment } from "./sanitize.js";
import { fullMarkdown, markdownToHTML } from "./markdown.js";
import { codeBlock, decorateCode } from "./code.js";
import { reviveMarkup } from "./script.js";

// The only child if there is exactly one element, else all of it in a box: a style or a click then has one element to go to.
function oneElement(fragment, boxClass) {
  const nodes = [...fragment.childNodes].filter((node) => node.nodeType !== Node.TEXT_NODE || node.data.trim() !== "");
  if (nodes.length === 1 && nodes[0].nodeType === Node.ELEMENT_NODE && !/^(SCRIPT|STYLE)$/.test(nodes[0].tagName)) return nodes[0];
  const box = h("div", { class: boxClass });
  box.append(fragment);
  return box;
}

function fragmentOf(html, isSafe) {
  if (isSafe) return sanitizedFragment(html);
  const fragment = trustedFragment(html);
  reviveMarkup(fragment);
  return fragment;
}

function prepareRichText(fragment) {
  for (const pre of fragment.querySelectorAll("pre")) decorateCode(pre);
  for (const table of fragment.querySelectorAll("table")) {
    const box = focusableIfScrollable(h("div", { class: "w-table", role: "region", "aria-label": say("table") }));
    table.replaceWith(box);
    box.append(table);
  }
  for (const box of fragment.querySelectorAll("li.task input")) box.setAttribute("aria-label", box.closest("li").textContent.trim().split("\n")[0]);
  for (const link of fragment.querySelectorAll("a[href^='http']")) if (!link.target) link.rel = "noopener";
}

function markdown(spec) {
  const options = { ...fullMarkdown, ...spec.options };
  const fragment = fragmentOf(markdownToHTML(spec.content, characterReference, options), spec.sanitize !== false);
  prepareRichText(fragment);
  const element = oneElement(fragment, "w-rich");
  element.classList.add("w-md");
  return element;
}

function html(spec) {
  return oneElement(fragmentOf(String(spec.content).trim(), spec.sanitize), "w-rich");
}

function text(spec) {
  return h(spec.inline ? "span" : "p", { class: "w-text" }, String(spec.content ?? ""));
}

// The address of another app of this server.
export function appAddress(name) {
  const url = new URL(location.href);
  url.hash = "";
  url.search = "";
  url.searchParams.set("app", name);
  return url.href;
}

export function openApp(name, newWindow) {
  if (newWindow) open(appAddress(name), "_blank");
  else location.href = appAddress(name);
}

function link(spec) {
  const address = spec.app !== undefined && spec.app !== null ? appAddress(spec.app) : spec.url;
  return h("a", {
    class: "w-link", href: isSafeLink(address, "a") ? address : null, target: spec.new_window ? "_blank" : null, rel: spec.new_window ? "noopener" : null,
  }, spec.text ?? spec.name ?? address);
}

function sized(element, spec) {
  for (const side of ["width", "height"]) {
    if (spec[side] !== undefined && spec[side] !== null) element.style[side] = typeof spec[side] === "number" ? `${spec[side]}px` : spec[side];
  }
  return element;
}

function image(spec) {
  return sized(h("img", { class: "w-image", src: spec.src, alt: spec.title || "", title: spec.title || null, decoding: "async" }), spec);
}

function media(spec) {
  const element = h(spec.type, {
    class: "w-media", src: spec.src, controls: spec.controls !== false, loop: spec.loop, autoplay: spec.autoplay,
    poster: spec.poster, preload: "metadata", playsinline: true,
  });
  element.muted = Boolean(spec.muted);
  return sized(element, spec);
}

export function saveFile(name, base64) {
  const address = URL.createObjectURL(new Blob([bytesFromBase64(base64)]));
  const anchor = h("a", { href: address, download: name, hidden: true });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function file(spec) {
  return h("button", { type: "button", class: "w-button", "data-color": "link", onclick: () => saveFile(spec.name, spec.content) },
    icon("download"), spec.label || spec.name);
}

// A task that threw. The detail is only sent to the developer.
export function errorCard(spec) {
  return h("div", { class: "w-alert w-error", "data-color": "danger", role: "alert" }, icon("danger"),
    h("div", { class: "w-body" }, h("strong", null, say("task_failed")), h("p", { class: "w-text" }, spec.message || ""),
      spec.detail ? h("details", { open: pageConfig.dev }, h("summary", null, say("details")), h("pre", { tabindex: 0 }, spec.detail)) : null));
}

export const textWidgets = { text, markdown, html, code: codeBlock, link, image, video: media, audio: media, file, error: errorCard };
