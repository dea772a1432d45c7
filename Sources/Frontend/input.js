// Forms, stacked per task. Each place, the panel below the output or a scope, shows the newest of its forms. A form answers once;
// until the server has judged the answer, its buttons wait.
import { byId, h, icon, prefersReducedMotion, readableSize } from "./dom.js";
import { makeField } from "./fields.js";
import { say } from "./i18n.js";
import { live, loadPart, sendEvent, settings } from "./state.js";
import { dropDraft, keepDraft, restoreDraft } from "./draft.js";
import { expectReaction, revealAgain } from "./reveal.js";

// Task id -> its forms, bottom to top; the map's order is the order in which tasks last asked something.
const formsByTask = new Map();
// Place (the panel's inside, or a scope's element) -> the form in view there.
const shownForms = new Map();
let focusBefore = null;

const singleLine = new Set(["text", "number", "float", "password", "url", "email", "date", "time", "color", "datetime", "datetime-local", "select"]);

class Form {
  constructor(spec, task, number) {
    this.task = task;
    this.number = number;
    this.spec = spec;
    this.isBusy = false;
    const hooks = {
      changed: (field) => {
        if (field.spec.type !== "actions") keepDraft(this.draft, field);
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
    for (const field of this.fields) if (field.spec.type !== "actions") restoreDraft(this.draft, field, live.running);
    const last = this.fields[this.fields.length - 1];
    const hasOwnButtons = Boolean(last && last.spec.type === "actions" && last.hasSubmit);
    const isCompact = Boolean(only) && singleLine.has(only.type || "text") && !only.multiple && !only.action && !spec.cancelable;
    this.element = h("form", {
      // In a scope it lies inside the log of the output, which is read out as it grows.
      "aria-live": spec.scope ? "off" : null,
      onfocusin: (event) => { this.lastFocus = event.target; },
      class: `w-form card${isCompact ? " w-compact" : ""}`, novalidate: true,
      onsubmit: (event) => { event.preventDefault(); this.submit(); }, onreset: () => this.wasReset(),
      // A key that is held down since the question before answers nothing.
      onkeydown: (event) => { if (event.repeat && event.key === "Enter" && !event.target.matches("textarea")) event.preventDefault(); },
    });
    if (!only && spec.label) this.element.append(h("h2", { class: "w-form-title" }, spec.label));
    this.sentFiles = new Map();
    this.uploading = { cancel: null };
    this.progress = h("progress", { class: "w-upload", max: 1, "aria-label": say("file_uploading") });
    this.amount = h("span", { class: "w-file-size" });
    this.stop = h("button", { type: "button", class: "w-close", "aria-label": say("cancel_upload"), onclick: () => this.uploading.cancel?.() }, icon("close"));
    this.upload = h("div", { class: "w-uploading", hidden: true }, this.progress, this.amount, this.stop);
    this.element.append(h("div", { class: "w-fields" }, this.fields.map((field) => field.root)), this.upload);
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
    this.send("input_event", { event_name: eventName, name: field.name, value: field.value() });
  }

  send(event, data, files) { sendEvent(event, this.task, data, files, this.number); }

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
      if (field.redraw) field.redraw();
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
    const inPieces = live.session.takesPieces ? this.fields.filter((field) => field.spec.upload && field.files().length) : [];
    if (inPieces.length === 0) this.answer({});
    else this.sendFiles(inPieces);
  }

  // Large files go first, in pieces; the answer names them.
  async sendFiles(fields) {
    this.setBusy(true);
    this.stop.disabled = false;
    try {
      const { sendFiles } = await loadPart("upload");
      this.answer(await sendFiles({
        session: live.session, task: this.task, fields, sent: this.sentFiles, control: this.uploading,
        progress: (sent, total) => this.showUpload(total ? sent / total : 1, `${readableSize(sent)} / ${readableSize(total)}`),
      }));
    } catch (problem) {
      if (this.isGone) return;
      this.setBusy(false);
      const field = fields.find((one) => one.name === problem.name) || fields[0];
      // Whoever stopped it knows why.
      if (problem.sentence !== "") field.setStatus(false, problem.sentence || say("file_unreadable", problem.fileName || ""));
      field.bringForward();
    }
  }

  answer(uploads) {
    if (this.isGone) return;
    const data = {};
    for (const field of this.fields) data[field.name] = uploads[field.name] ? { uploads: uploads[field.name] } : field.value();
    const files = this.fields.flatMap((field) => (uploads[field.name] ? [] : field.files()));
    this.wasAnswered = true;
    this.setBusy(true);
    expectReaction();
    this.send("from_submit", data, files);
    for (const field of this.fields) if (field.spec.type === "actions") field.setValue(null);
  }

  cancel() {
    this.wasAnswered = true;
    this.setBusy(true);
    this.send("from_cancel", null);
  }

  setBusy(isBusy) {
    this.isBusy = isBusy;
    this.element.classList.toggle("w-busy", isBusy);
    this.element.setAttribute("aria-busy", String(isBusy));
    for (const button of this.element.querySelectorAll("button")) {
      if (!button.dataset.pywebioDisabled) button.disabled = isBusy;
    }
    if (!isBusy) this.upload.hidden = true;
  }

  update({ target_name: name, attributes }, number) {
    // Other changes may come while an answer is on its way.
    const wasBusy = this.isBusy && "valid_status" in attributes;
    if (wasBusy) this.setBusy(false);
    for (const field of this.fields) {
      if (field.name !== name) continue;
      field.update(attributes);
      if (field.spec.type !== "actions") restoreDraft(this.draft, field, number);
      // The verdict on an answer: go where it has to be mended. Disabled buttons lost the focus, so it is ours to place.
      if (wasBusy && attributes.valid_status === false) field.bringForward();
    }
  }

  showUpload(fraction, amount) {
    this.upload.hidden = fraction === null;
    if (fraction !== null) this.progress.value = fraction;
    this.amount.textContent = amount || "";
    this.stop.hidden = !this.uploading.cancel;
  }

  focusFirst() {
    if (!settings.focusInput) return;
    if (this.lastFocus) { this.lastFocus.focus({ preventScroll: true }); return; }
    const chosen = this.fields.find((field) => field.spec.auto_focus) || this.fields[0];
    if (chosen) chosen.focus();
  }
}

function panel() { return byId("input-container"); }

// A scope that is not there, or not yet, leaves its form to the panel.
function placeOf(form) {
  return (form.spec.scope && document.querySelector(form.spec.scope)) || byId("input-cards");
}

// Brings the newest form of each place into view; others keep what was typed into them and wait out of sight.
function showNewest() {
  const wanted = new Map();
  for (const stack of formsByTask.values()) for (const form of stack) wanted.set(placeOf(form), form);
  watchScopes();
  const cards = byId("input-cards");
  const hadFocusInside = [...shownForms.values()].some((form) => form.element.contains(document.activeElement));
  if (shownForms.size === 0 && wanted.size > 0 && !hadFocusInside) focusBefore = document.activeElement;
  const wasAtEnd = isNearEnd();
  for (const [place, form] of shownForms) {
    if (wanted.get(place) === form && form.element.parentNode === place) continue;
    shownForms.delete(place);
    form.element.remove();
  }
  panel().hidden = !wanted.has(cards);
  for (const [place, form] of wanted) if (!shownForms.has(place)) showIn(place, form, wasAtEnd);
  if (shownForms.size === 0) giveFocusBack(hadFocusInside);
}

function showIn(place, form, wasAtEnd) {
  shownForms.set(place, form);
  place.append(form.element);
  const isPanel = place.id === "input-cards";
  if (settings.animate && !prefersReducedMotion() && form.element.animate) {
    form.element.animate([{ opacity: 0, transform: "translateY(12px)" }, { opacity: 1, transform: "none" }], { duration: 220, easing: "cubic-bezier(.2,.8,.2,1)" });
  }
  if (isPanel) fitPanel();
  // Whoever types into another form goes on typing there.
  const isFree = form.wasShown ? document.activeElement === document.body
    : ![...shownForms.values()].some((other) => other.element.contains(document.activeElement));
  form.wasShown = true;
  if (isFree) form.focusFirst();
  if (isPanel) bringIntoView(wasAtEnd);
  else if (isFree) form.element.scrollIntoView({ block: "nearest", behavior: prefersReducedMotion() ? "auto" : "smooth" });
  revealAgain();
}

// Scopes are emptied, go and come, popups close: a form that waits for its answer outlives them all.
const scopeWatch = new MutationObserver(() => showNewest());
let isWatching = false;

function watchScopes() {
  const isNeeded = [...formsByTask.values()].some((stack) => stack.some((form) => form.spec.scope));
  if (isNeeded === isWatching) return;
  isWatching = isNeeded;
  if (isNeeded) scopeWatch.observe(document.body, { childList: true, subtree: true });
  else scopeWatch.disconnect();
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

export function openForm(spec, task, number) {
  const stack = formsByTask.get(task) || [];
  formsByTask.delete(task);
  formsByTask.set(task, stack);
  stack.push(new Form(spec, task, number));
  showNewest();
}

export function updateForm(spec, task, number) {
  const stack = formsByTask.get(task);
  if (!stack) { console.warn("WebIO: update_input without a form."); return; }
  stack[stack.length - 1].update(spec, number);
}

export function destroyForm(spec, task) {
  const stack = formsByTask.get(task);
  if (!stack) { console.warn("WebIO: destroy_form without a form."); return; }
  const form = stack.pop();
  form.isGone = true;
  form.uploading.cancel?.();
  // In a replay earlier forms pass by that this page never answered; the draft is not theirs to take.
  if (form.wasAnswered) dropDraft(form.draft);
  if (stack.length === 0) formsByTask.delete(task);
  showNewest();
}

// The session is over: nothing can be answered any more.
export function closeForms() {
  for (const form of [...formsByTask.values()].flat()) {
    form.isGone = true;
    form.uploading.cancel?.();
  }
  formsByTask.clear();
  showNewest();
}

export function showUpload(fraction) {
  for (const form of shownForms.values()) if (form.isBusy && !form.uploading.cancel) form.showUpload(fraction);
}
