// The popup: one at a time, the platform's own modal dialog.
import { h, icon, prefersReducedMotion, uniqueId } from "./dom.js";
import { say } from "./i18n.js";
import { renderContents } from "./output.js";

let openPopup = null;

export function showPopup(spec) {
  closePopup();
  const title = uniqueId("popup");
  const isClosable = spec.closable !== false;
  const isImplicit = isClosable && spec.implicit_close !== false;
  const body = h("div", { class: "w-popup-body w-scope", id: spec.dom_id || null, tabindex: -1 }, renderContents(spec.content));
  const dialog = h("dialog", { class: `w-popup w-${spec.size || "normal"} modal`, "aria-labelledby": title },
    h("div", { class: "w-popup-head" }, h("h2", { id: title }, spec.title || ""),
      isClosable ? h("button", { type: "button", class: "w-close", "aria-label": say("close"), onclick: () => dialog.close() }, icon("close")) : null),
    body);
  // Escape: only if the popup may be left by itself.
  dialog.addEventListener("cancel", (event) => { if (!isImplicit && event.target === dialog) event.preventDefault(); });
  dialog.addEventListener("keydown", (event) => { if (event.key === "Escape" && !isImplicit) event.preventDefault(); });
  let pressedOutside = false;
  dialog.addEventListener("pointerdown", (event) => { pressedOutside = event.target === dialog; });
  dialog.addEventListener("click", (event) => { if (isImplicit && pressedOutside && event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    if (openPopup === dialog) openPopup = null;
    removeDialog(dialog);
  });
  openPopup = dialog;
  document.body.append(dialog);
  dialog.showModal();
  // To the first field, else to the text: not to the button that closes it, and not to one that may delete something.
  (body.querySelector("input, select, textarea") || body).focus();
  if (!prefersReducedMotion()) dialog.animate([{ opacity: 0, transform: "translateY(10px) scale(.985)" }, { opacity: 1, transform: "none" }], { duration: 160, easing: "ease-out" });
}

export function closePopup() {
  if (!openPopup) return;
  const dialog = openPopup;
  openPopup = null;
  // At once, not with the close event a moment later: the next popup may use the same scope name.
  dialog.close();
  removeDialog(dialog);
}

// Toasts that live in the dialog outlive it.
function removeDialog(dialog) {
  for (const stack of dialog.querySelectorAll(".w-toasts")) {
    document.body.append(stack);
    if (stack.childElementCount && stack.showPopover) stack.showPopover();
  }
  dialog.remove();
}
