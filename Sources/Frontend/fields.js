// One field of a form or a pin: label, control, help and feedback. The kinds of control are in fields-text.js, fields-choice.js and
// fields-file.js; this file has what they share.
import { addStyle, h, icon, prefersReducedMotion, setAttributes, uniqueId } from "./dom.js";
import { say } from "./i18n.js";
import { sendCallback } from "./state.js";

// Keys of an item that mean something to us; all others become attributes of the control.
const ownKeys = new Set(("type label name value options help_text valid_feedback invalid_feedback onblur onchange auto_focus action datalist " +
  "inline multiple buttons rows code min_value max_value step float max_size max_total_size upload native accept required placeholder readonly " +
  "validate disabled style").split(" "));

export class Field {
  // hooks: changed(field), blurred(field), submitted(field)
  constructor(spec, hooks) {
    this.spec = spec;
    this.hooks = hooks;
    this.name = spec.name;
    this.id = uniqueId("field");
    this.root = h("div", { class: `w-field w-field-${spec.type || "text"}${spec.required ? " w-required" : ""}` });
    this.label = h(this.isGroup ? "div" : "label", { class: "w-label", id: `${this.id}-label`, for: this.isGroup ? null : this.id }, spec.label || "");
    this.label.hidden = !spec.label;
    this.help = h("div", { class: "w-help", id: `${this.id}-help` }, spec.help_text || "");
    this.help.hidden = !spec.help_text;
    this.feedback = h("div", { class: "w-feedback", id: `${this.id}-feedback`, hidden: true, "aria-live": "polite" });
    this.invalidText = spec.invalid_feedback || "";
    this.validText = spec.valid_feedback || "";
    this.control = this.build();
    this.root.append(this.label, this.frame(), this.feedback, this.help);
    this.describe();
  }

  // Several controls under one label (radio, checkbox, actions).
  get isGroup() { return false; }

  // The control with what stands beside it; a kind may put more around it.
  frame() {
    const action = this.spec.action;
    if (!action) return this.control;
    const button = h("button", { type: "button", class: "w-button", "data-color": "secondary", onclick: () => sendCallback(action.callback_id, null) }, action.label);
    return h("div", { class: "w-with-action" }, this.control, button);
  }

  // Attributes that every native control takes from its item.
  common(control) {
    const { spec } = this;
    setAttributes(control, {
      id: this.id, name: spec.name, placeholder: spec.placeholder, required: Boolean(spec.required), readonly: Boolean(spec.readonly),
      disabled: Boolean(spec.disabled), "aria-required": spec.required ? "true" : null,
    });
    for (const [key, value] of Object.entries(spec)) {
      if (!ownKeys.has(key) && !key.startsWith("on") && (value === null || typeof value !== "object")) setAttributes(control, { [key]: value });
    }
    addStyle(control, spec.style);
    return control;
  }

  describe() {
    const ids = [this.feedback, this.help].filter((element) => !element.hidden).map((element) => element.id).join(" ");
    const target = this.described || this.control;
    if (ids) target.setAttribute("aria-describedby", ids);
    else target.removeAttribute("aria-describedby");
  }

  // true: valid, false: invalid, null or 0: neither; then a text is a remark.
  setStatus(status, text) {
    const target = this.described || this.control;
    this.status = status;
    const shown = text ?? (status === false ? this.invalidText : status === true ? this.validText : "");
    const isShown = Boolean(shown);
    this.isRemark = isShown && status !== true && status !== false;
    this.feedback.hidden = !isShown;
    this.feedback.replaceChildren(...(isShown ? [icon(this.isRemark ? "info" : status ? "success" : "danger"), shown] : []));
    this.root.classList.toggle("w-invalid", status === false);
    this.root.classList.toggle("w-valid", status === true);
    this.root.classList.toggle("w-remark", this.isRemark);
    if (status === false) target.setAttribute("aria-invalid", "true");
    else target.removeAttribute("aria-invalid");
    this.describe();
  }

  // What is wrong before anything is sent, or null.
  problem() {
    const control = this.control;
    if (!control.willValidate || control.checkValidity()) return null;
    if (control.validity.valueMissing) return say(/^(select|file)$/.test(this.spec.type) ? "choice_required" : "field_required");
    return control.validationMessage || say("error_in_input");
  }

  // The visitor changed something: an old verdict no longer holds.
  changedByHand() {
    if (this.status === false || this.isRemark) this.setStatus(null);
    this.hooks.changed(this);
  }

  update(attributes) {
    for (const [key, value] of Object.entries(attributes)) {
      switch (key) {
        case "label": this.label.textContent = value; this.label.hidden = !value; break;
        case "help_text": this.help.textContent = value; this.help.hidden = !value; this.describe(); break;
        case "valid_feedback": this.validText = value; break;
        case "invalid_feedback": this.invalidText = value; break;
        case "valid_status": case "target_value": break;
        default: this.updateOne(key, value, attributes.target_value);
      }
    }
    if ("valid_status" in attributes) this.setStatus(attributes.valid_status === 0 ? null : attributes.valid_status);
    else if (this.status === true || this.status === false) this.setStatus(this.status);
  }

  updateOne(key, value) {
    if (key === "value") this.setValue(value);
    else if (key === "readonly") this.control.readOnly = Boolean(value);
    else if (key === "style") addStyle(this.control, value);
    else if (key in this.control && typeof value === "boolean") this.control[key] = value;
    else setAttributes(this.control, { [key]: value });
  }

  // [{ file, name }] of the files that go with the value.
  files() { return []; }

  setValue(value) { this.control.value = value ?? ""; }
  value() { return this.control.value; }
  focus() { this.control.focus({ preventScroll: true }); }

  // Focus, and in view with its label and feedback.
  bringForward() {
    this.focus();
    this.root.scrollIntoView({ block: "nearest", behavior: prefersReducedMotion() ? "auto" : "smooth" });
  }
}

const fieldKinds = {};

export function addFieldKinds(table) {
  Object.assign(fieldKinds, table);
}

export function makeField(spec, hooks) {
  const Kind = fieldKinds[spec.type || "text"] || fieldKinds.text;
  return new Kind(spec, hooks);
}
