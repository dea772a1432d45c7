// The input panel: forms stacked per task, the newest in view. A form answers once; until the server has judged the answer, its
// buttons wait.
import { byId, h, prefersReducedMotion } from "./dom.js";
import { makeField } from "./fields.js";
import { say } from "./i18n.js";
import { sendEvent, settings } from "./state.js";
import { dropDraft, keepDraft, restoreDraft } from "./draft.js";
import { expectReaction, revealAgain } from "./reveal.js";

// Task id -> its forms, bottom to top; the map's order is the order in which tasks last asked something.
const formsByTask = new Map();
let shownForm = null;
let focusBefore = null;

const singleLine = new Set(["text", "number", "float", "password", "url", "email", "date", "time", "color", "datetime", "datetime-local", "select"]);

class Form {
  constructor(spec, task) {
    this.task = task;
    this.spec = spec;
    this.isBusy = false;
    const hooks = {
      changed: (field) => {
        keepDraft(this.draft, field);
        if (field.spec.onchange) this.report("change", field);
      },
      blurred: (field) => { if (field.spec.onblur) this.report("blur", field); },
      pressed: (field, type) => this.press(type),
    };
    // A single question is a group of one whose label is the group's; it then labels the field itself.
    const only = spec.inputs.length === 1 && !spec.inputs[0].label ? spec.inputs[0] : null;
    this.fields = spec.inputs.map((item) => makeField(item === only ? { ...item, label: spec.label } : item, hooks));
    // The same question by the same task is the same form, also after a refresh.
    this.draft = JSON.stringify([task, spec.label, ...this.fields.map((field) => field.name)]);
    restoreDraft(this.draft, this.fields);
    const last = this.fields[this.fields.length - 1];
    const hasOwnButtons = Boolean(last && last.spec.type === "actions" && last.hasSubmit);
    const isCompact = Boolean(only) && singleLine.has(only.type || "text") && !only.multiple && !only.action && !spec.cancelable;
    this.element = h("form", {
      class: `w-form card${isCompact ? " w-compact" : ""}`, novalidate: true,
      onsubmit: (event) => { event.preventDefault(); this.submit(); }, onreset: () => this.wasReset(),
    });
    if (!only && spec.label) this.element.append(h("h2", { class: "w-form-title" }, spec.label));
    this.progress = h("progress", { class: "w-upload", hidden: true, max: 1, "aria-label": say("file_uploading") });
    this.element.append(h("div", { class: "w-fields" }, this.fields.map((field) => field.root)), this.progress);
    if (!hasOwnButtons) this.element.append(this.footer(Boolean(only), spec.cancelable));
  }

  footer(isSingle, isCancelable) {
    const button = (type, color, word, onclick, extra) => h("button", { type, class: `w-button ${extra || ""}`, "data-color": color, onclick }, say(word));
    return h("div", { class: "w-buttons ws-form-submit-btns" },
      button("submit", "primary", "submit"),
      isSingle ? null : button("reset", "secondary", "reset"),
      isCancelable ? button("button", "secondary", "cancel", () => this.cancel(), "pywebio_cancel_btn") : null);
  }

  report(eventName, field) {
    // A field that is taken away loses the focus; that is not the visitor leaving it.
    if (this.isGone || (this.isBusy && eventName === "blur")) return;
    sendEvent("input_event", this.task, { event_name: eventName, name: field.name, value: field.value() });
  }

  // A button of an `actions` field.
  press(type) {
    if (type === "submit") this.submit();
    else if (type === "reset") this.element.reset();
    else this.cancel();
  }

  wasReset() {
    dropDraft(this.draft);
    // The reset event comes before the controls have changed back, and a microtask would still run before that.
    setTimeout(() => this.fields.forEach((field) => {
      field.setStatus(null);
      if (field.showFiles) field.showFiles();
      if (field.paint) field.paint(field.control);
    }));
  }

  submit() {
    if (this.isBusy) return;
    let firstWrong = null;
    for (const field of this.fields) {
      const problem = field.problem();
      if (problem) { field.setStatus(false, problem); firstWrong ||= field; }
    }
    if (firstWrong) { firstWrong.bringForward(); return; }
    const data = {};
    for (const field of this.fields) data[field.name] = field.value();
    const files = this.fields.flatMap((field) => field.files());
    this.wasAnswered = true;
    this.setBusy(true);
    expectReaction();
    sendEvent("from_submit", this.task, data, files);
    for (const field of this.fields) if (field.spec.type === "actions") field.setValue(null);
  }

  cancel() {
    this.wasAnswered = true;
    this.setBusy(true);
    sendEvent("from_cancel", this.task, null);
  }

  setBusy(isBusy) {
    this.isBusy = isBusy;
    this.element.classList.toggle("w-busy", isBusy);
    this.element.setAttribute("aria-busy", String(isBusy));
    for (const button of this.element.querySelectorAll("button")) {
      if (!button.dataset.pywebioDisabled) button.disabled = isBusy;
    }
    if (!isBusy) this.progress.hidden = true;
  }

  update({ target_name: name, attributes }) {
    const wasBusy = this.isBusy;
    if (wasBusy) this.setBusy(false);
    for (const field of this.fields) {
      if (field.name !== name) continue;
      field.update(attributes);
      // The verdict on an answer: go where it has to be mended. Disabled buttons lost the focus, so it is ours to place.
      if (wasBusy && attributes.valid_status === false) field.bringForward();
    }
  }

  focusFirst() {
    const chosen = this.fields.find((field) => field.spec.auto_focus) || this.fields[0];
    if (chosen && settings.focusInput) chosen.focus();
  }
}

function panel() { return byId("input-container"); }

function newestForm() {
  const stacks = [...formsByTask.values()];
  const stack = stacks[stacks.length - 1];
  return stack ? stack[stack.length - 1] : null;
}

// Brings the newest form into view; others keep what was typed into them and wait out of sight.
function showNewest() {
  const form = newestForm();
  if (form === shownForm) return;
  const cards = byId("input-cards");
  const hadFocusInside = cards.contains(document.activeElement);
  if (!shownForm && !hadFocusInside) focusBefore = document.activeElement;
  if (shownForm) shownForm.element.remove();
  shownForm = form;
  panel().hidden = !form;
  if (!form) { giveFocusBack(hadFocusInside); return; }
  const wasAtEnd = isNearEnd();
  cards.append(form.element);
  if (settings.animate && !prefersReducedMotion() && form.element.animate) {
    form.element.animate([{ opacity: 0, transform: "translateY(12px)" }, { opacity: 1, transform: "none" }], { duration: 220, easing: "cubic-bezier(.2,.8,.2,1)" });
  }
  fitPanel();
  form.focusFirst();
  bringIntoView(wasAtEnd);
  revealAgain();
}

// The panel grew at the end of the page; whoever was reading there goes on seeing the latest output above it. A tall form shows its
// beginning, with some of the output before it.
function bringIntoView(wasAtEnd) {
  const top = panel().getBoundingClientRect().top;
  if (!panel().classList.contains("w-tall")) {
    if (wasAtEnd) scrollTo({ top: document.documentElement.scrollHeight });
  } else if (top > innerHeight * 0.6) scrollBy({ top: top - innerHeight * 0.35, behavior: prefersReducedMotion() ? "auto" : "smooth" });
}

function isNearEnd() {
  const page = document.documentElement;
  return page.scrollHeight - scrollY - innerHeight < innerHeight * 0.5;
}

function giveFocusBack(hadFocusInside) {
  if (hadFocusInside && focusBefore && focusBefore.isConnected && focusBefore !== document.body) focusBefore.focus({ preventScroll: true });
  focusBefore = null;
}

// A form that would cover most of the screen lies in the page instead of sticking to its lower edge.
export function fitPanel() {
  const element = panel();
  if (!element.hidden) element.classList.toggle("w-tall", element.offsetHeight > innerHeight * 0.55);
}

export function openForm(spec, task) {
  const stack = formsByTask.get(task) || [];
  formsByTask.delete(task);
  formsByTask.set(task, stack);
  stack.push(new Form(spec, task));
  showNewest();
}

export function updateForm(spec, task) {
  const stack = formsByTask.get(task);
  if (!stack) { console.warn("WebIO: update_input without a form."); return; }
  stack[stack.length - 1].update(spec);
}

export function destroyForm(spec, task) {
  const stack = formsByTask.get(task);
  if (!stack) { console.warn("WebIO: destroy_form without a form."); return; }
  const form = stack.pop();
  form.isGone = true;
  // In a replay earlier forms pass by that this page never answered; the draft is not theirs to take.
  if (form.wasAnswered) dropDraft(form.draft);
  if (stack.length === 0) formsByTask.delete(task);
  showNewest();
}

// The session is over: nothing can be answered any more.
export function closeForms() {
  if (shownForm) shownForm.isGone = true;
  formsByTask.clear();
  showNewest();
}

export function showUpload(fraction) {
  if (!shownForm) return;
  shownForm.progress.hidden = fraction === null;
  if (fraction !== null) shownForm.progress.value = fraction;
}
