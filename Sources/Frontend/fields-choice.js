// Fields that offer choices: select, checkbox, radio, actions. A value may be any JSON, so controls carry it as JSON text.
import { h, setAttributes } from "./dom.js";
import { Field } from "./fields.js";
import { commandButton } from "./layout.js";
import { say } from "./i18n.js";
import { loadPart, partCore } from "./state.js";

// More options than this are searched, not scrolled through.
const searchFrom = 13;

function sameValue(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

class SelectField extends Field {
  build() {
    const { spec } = this;
    this.isSearched = spec.search ?? (spec.options || []).length >= searchFrom;
    const select = this.common(h("select", { class: spec.multiple && !this.isSearched ? "w-input w-multiple" : "w-input", multiple: Boolean(spec.multiple) }));
    this.fill(select, spec.options || []);
    if (spec.value !== undefined) {
      this.choose(select, spec.value);
      for (const option of select.options) option.defaultSelected = option.selected;
    }
    select.addEventListener("change", () => this.changedByHand());
    select.addEventListener("blur", () => this.hooks.blurred(this));
    if (this.isSearched) {
      loadPart("combobox").then((module) => { this.combobox = module.makeCombobox(partCore, this); }).catch((error) => console.error(error));
    } else if (spec.multiple) this.toggleByClick(select);
    return select;
  }

  fill(select, options) {
    const groups = [];
    for (const option of options) {
      const element = h("option", { value: JSON.stringify(option.value ?? null), disabled: Boolean(option.disabled) }, String(option.label));
      // Both, because a form's reset goes back to the attribute.
      if (option.selected) { element.defaultSelected = true; element.selected = true; }
      const group = groups[groups.length - 1];
      if (group && option.group && group.label === option.group) group.append(element);
      else groups.push(option.group ? h("optgroup", { label: option.group }, element) : element);
    }
    select.replaceChildren(...groups);
    if (select.multiple) select.size = this.isSearched ? 1 : Math.min(Math.max(options.length + select.querySelectorAll("optgroup").length, 2), 7);
  }

  // In a list of several choices a click toggles one; nobody remembers to hold Ctrl.
  toggleByClick(select) {
    let isMouse = false;
    select.addEventListener("pointerdown", (event) => { isMouse = event.pointerType === "mouse"; });
    select.addEventListener("mousedown", (event) => {
      const option = event.target.closest("option");
      if (!isMouse || !option || option.disabled || event.shiftKey) return;
      event.preventDefault();
      const top = select.scrollTop;
      option.selected = !option.selected;
      select.focus();
      select.scrollTop = top;
      this.changedByHand();
    });
  }

  choose(select, value) {
    const wanted = select.multiple && Array.isArray(value) ? value : [value];
    for (const option of select.options) option.selected = wanted.some((one) => option.value === JSON.stringify(one));
  }

  setValue(value) { this.choose(this.control, value); this.redraw(); }
  redraw() { this.combobox?.draw(); }
  focus() { (this.described || this.control).focus({ preventScroll: true }); }

  value() {
    const chosen = [...this.control.selectedOptions].map((option) => JSON.parse(option.value));
    return this.control.multiple ? chosen : chosen[0] ?? null;
  }

  updateOne(key, value, target) {
    if (key === "options") this.fill(this.control, value || []);
    else super.updateOne(key, value, target);
    this.redraw();
  }
}

class ChoiceField extends Field {
  get isGroup() { return true; }
  get inputType() { return this.spec.type; }

  build() {
    const isRadio = this.inputType === "radio";
    const group = h("div", { class: this.spec.inline ? "w-choices w-inline" : "w-choices", role: isRadio ? "radiogroup" : "group", "aria-labelledby": `${this.id}-label` });
    this.fill(group, this.spec.options || []);
    if (this.spec.value !== undefined) {
      this.choose(group, this.spec.value);
      for (const input of group.querySelectorAll("input")) input.defaultChecked = input.checked;
    }
    group.addEventListener("change", () => this.changedByHand());
    group.addEventListener("focusout", (event) => { if (!group.contains(event.relatedTarget)) this.hooks.blurred(this); });
    return group;
  }

  fill(group, options) {
    // PyWebIO puts `required` of a radio group on its last option.
    this.isRequired = Boolean(this.spec.required) || options.some((option) => option.required);
    group.replaceChildren(...options.map((option) => {
      const input = h("input", { type: this.inputType, name: this.spec.name, value: JSON.stringify(option.value ?? null), disabled: Boolean(option.disabled) });
      if (option.selected) { input.defaultChecked = true; input.checked = true; }
      return h("label", { class: "w-choice" }, input, h("span", null, String(option.label)));
    }));
  }

  get inputs() { return [...this.control.querySelectorAll("input")]; }

  choose(group, value) {
    const wanted = this.inputType === "checkbox" && Array.isArray(value) ? value : [value];
    for (const input of group.querySelectorAll("input")) input.checked = wanted.some((one) => input.value === JSON.stringify(one));
  }

  setValue(value) { this.choose(this.control, value); }

  value() {
    const chosen = this.inputs.filter((input) => input.checked).map((input) => JSON.parse(input.value));
    return this.inputType === "checkbox" ? chosen : chosen[0] ?? null;
  }

  problem() {
    const isEmpty = !this.inputs.some((input) => input.checked);
    return this.isRequired && isEmpty ? say("choice_required") : null;
  }

  updateOne(key, value, target) {
    if (key === "options") this.fill(this.control, value || []);
    else if (key === "value") this.setValue(value);
    else {
      for (const input of this.inputs) {
        if (target === undefined || target === null || sameValue(JSON.parse(input.value), target)) setAttributes(input, { [key]: value });
        if (typeof value === "boolean" && key in input) input[key] = value;
      }
    }
  }

  focus() { (this.inputs.find((input) => input.checked) || this.inputs[0])?.focus({ preventScroll: true }); }
}

// Buttons whose label is the answer. Only the button that was pressed has a value.
class ActionsField extends Field {
  get isGroup() { return true; }

  build() {
    const group = h("div", { class: "w-buttons", role: "group", tabindex: -1, "aria-labelledby": `${this.id}-label` });
    this.pressed = null;
    this.fill(group, this.spec.buttons || []);
    return group;
  }

  fill(group, buttons) {
    this.buttons = buttons.map((spec) => {
      const type = spec.type || "submit";
      const color = spec.color || (type === "submit" ? "primary" : "secondary");
      const button = commandButton(spec.label, { color, disabled: spec.disabled }, () => {
        this.pressed = type === "submit" ? spec.value : null;
        this.hooks.pressed(this, type);
      });
      if (type === "submit") button.name = this.spec.name;
      button.dataset.action = type;
      if (spec.disabled) button.dataset.pywebioDisabled = "1";
      return { spec, button };
    });
    group.replaceChildren(...this.buttons.map(({ button }) => button));
  }

  get hasSubmit() { return (this.spec.buttons || []).some((button) => (button.type || "submit") === "submit"); }
  value() { return this.pressed ?? null; }
  setValue(value) { this.pressed = value; }
  problem() { return null; }

  updateOne(key, value, target) {
    if (key === "buttons") { this.fill(this.control, value || []); return; }
    for (const { spec, button } of this.buttons) {
      if (target !== undefined && target !== null && !sameValue(spec.value, target)) continue;
      if (key === "disabled") {
        button.disabled = Boolean(value);
        if (value) button.dataset.pywebioDisabled = "1";
        else delete button.dataset.pywebioDisabled;
      } else setAttributes(button, { [key]: value });
    }
  }

  // The group and not its first button: an Enter that was meant for the question before must not answer this one. Tab goes on to the buttons.
  focus() { this.control.focus({ preventScroll: true }); }
}

export const choiceFields = { select: SelectField, checkbox: ChoiceField, radio: ChoiceField, actions: ActionsField };
