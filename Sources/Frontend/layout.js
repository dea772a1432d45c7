// The widgets that hold others: collapse, alert, grid, tabs, scrollable, scope, loading; and the buttons.
import { byId, h, icon, uniqueId } from "./dom.js";
import { say } from "./i18n.js";
import { renderContents, renderSpec, setSlot } from "./output.js";
import { sendCallback } from "./state.js";

function collapse(spec) {
  const body = h("div", { class: "w-body" }, renderContents(spec.contents));
  const element = h("details", { class: "w-collapse", open: Boolean(spec.open) }, h("summary", null, icon("chevron"), h("span", null, spec.title)), body);
  return setSlot(element, body);
}

function alertBox(spec) {
  const color = { error: "danger", warn: "warning" }[spec.color] || spec.color || "info";
  const body = h("div", { class: "w-body" }, renderContents(spec.contents));
  const element = h("div", { class: "w-alert", "data-color": color, role: color === "danger" ? "alert" : "note" }, icon(color), body);
  if (spec.closable) {
    element.append(h("button", { type: "button", class: "w-close", "aria-label": say("close"), onclick: () => element.remove() }, icon("close")));
  }
  return setSlot(element, body);
}

// Rows, columns and grids are CSS grids. `null` is a gap; a spec with `span` reaches over several cells.
function grid(spec) {
  const element = h("div", { class: "w-grid" });
  element.style.gridAutoFlow = spec.flow || "row";
  if (spec.columns) element.style.gridTemplateColumns = spec.columns;
  if (spec.rows) element.style.gridTemplateRows = spec.rows;
  const cells = spec.cells ? spec.cells.flat() : spec.contents || [];
  for (const cell of cells) {
    const child = cell === null ? h("div", { class: "w-gap" }) : renderSpec(cell);
    if (cell && cell.span) {
      if (cell.span.row > 1) child.style.gridRowEnd = `span ${cell.span.row}`;
      if (cell.span.col > 1) child.style.gridColumnEnd = `span ${cell.span.col}`;
    }
    element.append(child);
  }
  return element;
}

function tabs(spec) {
  const list = h("div", { class: "w-tablist", role: "tablist" });
  const element = h("div", { class: "w-tabs webio-tabs" }, list);
  const all = spec.tabs.map((tab) => {
    const id = uniqueId("tab");
    const button = h("button", { type: "button", role: "tab", id, "aria-controls": `${id}-panel` }, tab.title);
    const panel = h("div", { class: "w-body", role: "tabpanel", id: `${id}-panel`, "aria-labelledby": id, tabindex: 0 }, renderContents(tab.content ?? tab.contents));
    list.append(button);
    element.append(panel);
    return { button, panel };
  });
  const show = (chosen, takeFocus) => {
    all.forEach(({ button, panel }, i) => {
      button.setAttribute("aria-selected", String(i === chosen));
      button.tabIndex = i === chosen ? 0 : -1;
      panel.hidden = i !== chosen;
    });
    if (takeFocus) all[chosen].button.focus();
  };
  all.forEach(({ button }, i) => button.addEventListener("click", () => show(i, false)));
  list.addEventListener("keydown", (event) => {
    const now = all.findIndex(({ button }) => button === document.activeElement);
    const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const next = { [forward]: (now + 1) % all.length, [back]: (now - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (now < 0 || next === undefined) return;
    event.preventDefault();
    show(next, true);
  });
  if (all.length) show(0, false);
  return element;
}

function pixels(value) {
  return typeof value === "number" ? `${value}px` : value;
}

// Keeps the end in view while contents grow, unless the reader is in there or has scrolled up.
export function stickToBottom(element) {
  let isWithin = false;
  let wanted = false;
  const set = (value) => () => { isWithin = value; };
  element.addEventListener("pointerenter", set(true));
  element.addEventListener("pointerleave", set(false));
  element.addEventListener("focusin", set(true));
  element.addEventListener("focusout", set(false));
  const follow = () => {
    if (wanted || isWithin) return;
    wanted = true;
    requestAnimationFrame(() => { wanted = false; element.scrollTop = element.scrollHeight; });
  };
  new MutationObserver(follow).observe(element, { childList: true, subtree: true, characterData: true });
  follow();
}

function scrollable(spec) {
  const element = h("div", { class: "w-scrollable webio-scrollable", tabindex: 0, role: "region", "aria-label": spec.label || say("output") });
  element.append(...renderContents(spec.contents));
  if (spec.border !== false) element.classList.add("w-border");
  if (spec.min_height) element.style.minHeight = pixels(spec.min_height);
  if (spec.max_height) element.style.maxHeight = pixels(spec.max_height);
  if (spec.height) element.style.height = pixels(spec.height);
  if (spec.keep_bottom) stickToBottom(element);
  return element;
}

function scope(spec) {
  if (byId(spec.dom_id)) return h("p", { class: "w-alert", "data-color": "danger" }, icon("danger"), say("duplicated_scope_name"));
  return h("div", { id: spec.dom_id, class: "w-scope" }, renderContents(spec.contents));
}

function loading(spec) {
  const body = h("div", { class: "w-body" }, renderContents(spec.contents));
  const spinner = h("span", { class: spec.shape === "grow" ? "w-spinner w-grow" : "w-spinner", "data-color": spec.color || "primary", role: "status", "aria-label": say("loading") });
  return setSlot(h("div", { class: "w-loading" }, spinner, body), body);
}

export function commandButton(label, options, onclick) {
  return h("button", {
    type: "button", class: `w-button${options.small ? " w-small" : ""}${options.outline ? " w-outline" : ""}`,
    "data-color": options.link ? "link" : options.color || "primary", disabled: Boolean(options.disabled), onclick,
  }, String(label));
}

function buttons(spec) {
  const all = spec.buttons.map((button) => commandButton(button.label, { ...spec, color: button.color || spec.color, disabled: button.disabled },
    () => sendCallback(spec.callback_id, button.value)));
  return h("div", { class: spec.group ? "w-buttons w-group" : "w-buttons", role: spec.group ? "group" : null }, all);
}

export const layoutWidgets = { collapse, alert: alertBox, grid, tabs, scrollable, scope, loading, buttons };
