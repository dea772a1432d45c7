// Progress bars and log boxes: widgets with a name that later commands speak to.
import { byId, h, uniqueId } from "./dom.js";
import { say } from "./i18n.js";
import { stickToBottom } from "./layout.js";

const barPrefix = "webio-progressbar-";
const logPrefix = "webio-logbox-";

function setBar(bar, value, label) {
  const fraction = Math.min(1, Math.max(0, Number(value) || 0));
  const percent = `${(fraction * 100).toFixed(fraction === 1 || fraction === 0 ? 0 : 1)}%`;
  bar.style.inlineSize = `${fraction * 100}%`;
  const track = bar.parentElement;
  track.setAttribute("aria-valuenow", String(fraction));
  track.setAttribute("aria-valuetext", label || percent);
  const caption = track.previousElementSibling;
  caption.firstChild.textContent = label || "";
  caption.lastChild.textContent = percent;
  track.parentElement.classList.toggle("w-done", fraction === 1);
}

function progressbar(spec) {
  const label = uniqueId("progress");
  const bar = h("div", { class: "w-bar", id: barPrefix + spec.name, "data-auto-close": spec.auto_close ? 1 : 0 });
  const element = h("div", { class: "w-progress" },
    h("div", { class: "w-caption", id: label }, h("span"), h("span")),
    h("div", { class: "w-track", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 1, "aria-labelledby": label }, bar));
  setBar(bar, spec.value, spec.label);
  return element;
}

export function updateProgress(spec) {
  const bar = byId(barPrefix + spec.name);
  if (!bar) { console.warn(`WebIO: no progress bar ${spec.name}.`); return; }
  setBar(bar, spec.value, spec.label);
  if (bar.dataset.autoClose === "1" && Number(spec.value) >= 1) setTimeout(() => bar.closest(".w-progress").remove(), 400);
}

function logbox(spec) {
  const element = h("pre", { class: "w-logbox", id: logPrefix + spec.name, tabindex: 0, role: "log", "aria-label": spec.label || say("output") });
  const height = spec.height ?? 400;
  element.style.maxHeight = typeof height === "number" ? `${height}px` : height;
  element.style.minHeight = "6em";
  if (spec.content) element.append(spec.content);
  if (spec.keep_bottom !== false) stickToBottom(element);
  return element;
}

export function updateLogbox(spec) {
  const box = byId(logPrefix + spec.name);
  if (!box) { console.warn(`WebIO: no log box ${spec.name}.`); return; }
  if (spec.clear) box.replaceChildren();
  if (spec.append) box.append(spec.append);
  // A log that runs for days must not eat the tab; the oldest pieces go.
  while (box.childNodes.length > 5000) box.firstChild.remove();
}

export const progressWidgets = { progressbar, logbox };
