// Toasts: short messages above everything, in the platform's top layer.
import { h, icon } from "./dom.js";
import { say } from "./i18n.js";
import { sendCallback } from "./state.js";

// PyWebIO's server sends the colour of a kind as a number; we show the kind.
const kindOfColor = { "#1565c0": "info", "#e53935": "danger", "#ef6c00": "warning", "#2e7d32": "success", error: "danger", warn: "warning" };
const stacks = {};
const hiders = new Set();

function stackAt(position) {
  // A narrow window has one place for all, or they would lie over each other.
  const side = ["left", "right"].includes(position) && innerWidth > 640 ? position : "center";
  const existing = stacks[side];
  // A modal dialog makes everything outside it unreachable, so while one is open toasts live inside it.
  const home = document.querySelector("dialog:modal") || document.body;
  if (existing && existing.parentNode === home) return existing;
  const stack = h("div", { class: `w-toasts w-${side}`, popover: "manual", role: "region", "aria-label": say("messages"), "aria-live": "polite" });
  if (existing && existing.isConnected) stack.append(...existing.childNodes), existing.remove();
  stacks[side] = stack;
  home.append(stack);
  return stack;
}

export function showToast(spec) {
  const kind = kindOfColor[spec.color] || spec.color || "info";
  const isKind = ["info", "success", "warning", "danger"].includes(kind);
  const stack = stackAt(spec.position);
  const words = h("span", { class: "w-text" }, String(spec.content ?? ""));
  const toast = h("div", { class: "w-toast toastify", "data-color": isKind ? kind : "custom", role: kind === "danger" ? "alert" : "status" }, icon(isKind ? kind : "info"), words);
  if (!isKind && CSS.supports("color", kind)) toast.style.setProperty("--tone", kind);
  let timer = null;
  const hide = () => {
    clearTimeout(timer);
    hiders.delete(hide);
    toast.remove();
    if (!stack.childElementCount && stack.matches(":popover-open")) stack.hidePopover();
  };
  if (spec.callback_id) {
    const button = h("button", { type: "button", class: "w-toast-action", onclick: () => { sendCallback(spec.callback_id, null); hide(); } });
    button.append(...toast.childNodes);
    toast.append(button);
  }
  const duration = spec.duration ?? 2000;
  if (!duration) toast.append(h("button", { type: "button", class: "w-close", "aria-label": say("close"), onclick: hide }, icon("close")));
  // Who rests on a toast is reading it.
  const arm = () => { if (duration) { clearTimeout(timer); timer = setTimeout(hide, duration); } };
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", arm);
  stack.append(toast);
  if (stack.showPopover && !stack.matches(":popover-open")) stack.showPopover();
  hiders.add(hide);
  arm();
}

export function dropToasts() {
  for (const hide of hiders) hide();
}
