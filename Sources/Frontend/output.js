// Output specs to elements. `widgets` maps a spec's type to the function that builds it; what all types have in common (style, click,
// ids, handles, nesting) is done here once.
import { addStyle, h, setAttributes } from "./dom.js";
import { say } from "./i18n.js";
import { loadPart, partCore, sendCallback, settings } from "./state.js";

const widgets = {};
// Where a container's contents go, if not into the element itself.
const slots = new WeakMap();
// Elements that the app holds a handle of. Weak, so that what was cleared away is also forgotten.
const handles = new Map();

export function addWidgets(table) {
  Object.assign(widgets, table);
}

export function setSlot(element, slot) {
  slots.set(element, slot);
  return element;
}

export function slotOf(element) {
  return slots.get(element) || element;
}

// Builds the element of a spec; a string or a number is a text.
export function renderSpec(spec) {
  if (spec === null || typeof spec !== "object") return h("p", { class: "w-text" }, String(spec ?? ""));
  const build = widgets[spec.type];
  if (!build) {
    console.warn(`WebIO: this page does not know the output type “${spec.type}”.`);
    return h("p", { class: "w-note" }, `[${spec.type}]`);
  }
  const element = build(spec);
  addStyle(element, spec.style);
  if (spec.click_callback_id) makeClickable(element, spec.click_callback_id);
  if (spec.container_dom_id) {
    const inner = spec.container_selector ? element.querySelector(`:scope ${spec.container_selector}`) : slotOf(element);
    (inner || element).id = spec.container_dom_id;
  }
  if (spec.handle) handles.set(spec.handle, new WeakRef(element));
  return element;
}

// Contents are a list of specs and strings, or one of them.
export function renderContents(contents) {
  const list = Array.isArray(contents) ? contents : contents === null || contents === undefined ? [] : [contents];
  return list.map(renderSpec);
}

function makeClickable(element, callback) {
  element.classList.add("w-clickable", "pywebio-clickable");
  element.addEventListener("click", () => sendCallback(callback, null));
  if (element.matches("a[href], button, summary, input, select, textarea")) return;
  setAttributes(element, { tabindex: 0, role: "button" });
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    sendCallback(callback, null);
  });
}

export function elementOfHandle(handle) {
  const element = handles.get(handle)?.deref();
  if (!element) handles.delete(handle);
  return element;
}

export function dropHandles() { handles.clear(); }

// A type whose code comes when it is first used. The place is kept from the start, so nothing jumps.
export function lazyWidget(part, placeHeight) {
  return (spec) => {
    const element = h("div", { class: `w-lazy w-${spec.type}`, "aria-busy": "true" });
    const height = placeHeight(spec);
    if (height) element.style.minHeight = height;
    loadPart(part)
      .then((module) => {
        // Output that came for this widget's container before its code did.
        const early = [...element.childNodes];
        element.replaceChildren();
        module.render(partCore, spec, element, early);
      })
      .catch((error) => { console.error(error); element.replaceChildren(h("p", { class: "w-note" }, say("part_missing"))); })
      .finally(() => { element.removeAttribute("aria-busy"); element.style.minHeight = ""; });
    return element;
  };
}

// A short fade for what arrives one by one; a flood is shown at once.
export function fadeIn(element) {
  if (!settings.animate || document.hidden || !element.animate || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  element.animate([{ opacity: 0.15, transform: "translateY(6px)" }, { opacity: 1, transform: "none" }], { duration: 180, easing: "ease-out" });
}
