// Where output goes: the commands `output` and `output_ctl`. Scopes are elements with the id `pywebio-scope-NAME`; the server names
// them by selector, as PyWebIO does.
import { byId, h, prefersReducedMotion } from "./dom.js";
import { settings } from "./state.js";
import { noteReaction, stayAtEnd } from "./reveal.js";
import { elementOfHandle, fadeIn, renderSpec } from "./output.js";

// Set by main.js: whether a flood is being worked off.
export const flood = { isOn: () => false };

function findScopes(selector) {
  if (!selector) return [byId("pywebio-scope-ROOT")];
  if (/^#[\w-]+$/.test(selector)) {
    const element = byId(selector.slice(1));
    return element ? [element] : [];
  }
  try { return [...document.querySelectorAll(selector)]; } catch { return []; }
}

// 0 is the top, -1 the bottom, n before child n, -n after the n-th child from the end; out of range shows nothing.
// A form in the scope stays below its output and does not count.
function insertAt(parent, element, position) {
  const form = parent.lastElementChild?.classList.contains("w-form") ? parent.lastElementChild : null;
  if (position === 0) parent.prepend(element);
  else if (position === -1 || position === undefined || position === null) parent.insertBefore(element, form);
  else {
    // Counting walks over all children: not for what is simply added at the end.
    const { children } = parent;
    const count = children.length - (form ? 1 : 0);
    if (position >= count || count + position < 0) return false;
    if (position > 0) children[position].before(element);
    else children[count + position].after(element);
  }
  return true;
}

// A numbered command's output has its number for a handle, so that the server need not name what it may never touch again.
export function showOutput(spec, task, number) {
  const parents = findScopes(spec.scope);
  if (parents.length === 0) { console.warn(`WebIO: no scope ${spec.scope}, output not shown.`); return; }
  for (const parent of parents) {
    const element = renderSpec(number && !spec.handle ? { ...spec, handle: `#${number}` } : spec);
    if (!insertAt(parent, element, spec.position)) continue;
    if (!flood.isOn()) fadeIn(element);
    noteReaction(element);
    stayAtEnd();
  }
  followBottom();
}

let bottomWanted = false;
function followBottom() {
  if (!settings.autoScroll || bottomWanted) return;
  bottomWanted = true;
  requestAnimationFrame(() => {
    bottomWanted = false;
    scrollTo({ top: document.documentElement.scrollHeight, behavior: flood.isOn() || prefersReducedMotion() ? "auto" : "smooth" });
  });
}

function setScope(spec) {
  const existing = byId(spec.set_scope);
  if (existing) {
    if (spec.if_exist === "clear") { existing.replaceChildren(); return; }
    if (spec.if_exist === "blank") { blank(existing); return; }
    if (spec.if_exist !== "remove") return;
    existing.remove();
  }
  const [parent] = findScopes(spec.container);
  if (!parent) { console.warn(`WebIO: no scope ${spec.container}, scope ${spec.set_scope} not made.`); return; }
  insertAt(parent, h("div", { id: spec.set_scope, class: "w-scope" }), spec.position);
}

// Empties a scope that is about to be filled again, without letting the page below jump up and down.
function blank(scope) {
  scope.style.minHeight = `${scope.offsetHeight}px`;
  scope.replaceChildren();
}

function scrollToScope(scope, position) {
  const block = { top: "start", middle: "center", bottom: "end" }[position] || "start";
  scope.scrollIntoView({ block, behavior: prefersReducedMotion() ? "auto" : "smooth" });
}

function replaceHandle(handle, spec) {
  const old = elementOfHandle(handle);
  if (!old || !old.parentNode) { console.warn(`WebIO: nothing has the handle ${handle}.`); return; }
  // The old element leaves first: the new one may hold a scope or a field of the same name.
  const place = document.createComment("");
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(place);
  const fresh = renderSpec({ ...spec, handle });
  place.replaceWith(fresh);
  if (hadFocus) (fresh.matches("button, a, input, select, textarea") ? fresh : fresh.querySelector("button, a, input, select, textarea"))?.focus();
}

export function controlOutput(spec) {
  if (spec.set_scope) setScope(spec);
  for (const scope of spec.clear ? findScopes(spec.clear) : []) scope.replaceChildren();
  for (const scope of spec.loose ? findScopes(spec.loose) : []) scope.style.minHeight = "";
  for (const scope of spec.remove ? findScopes(spec.remove) : []) scope.remove();
  if (spec.scroll_to) findScopes(spec.scroll_to).slice(0, 1).forEach((scope) => scrollToScope(scope, spec.position));
  if (spec.update) replaceHandle(spec.update, spec.spec);
  if (spec.delete) elementOfHandle(spec.delete)?.remove();
}
