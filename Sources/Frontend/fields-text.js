// Fields that are typed or drawn into: one line, several lines, a slider.
import { h, setAttributes } from "./dom.js";
import { Field } from "./fields.js";
import { say } from "./i18n.js";
import { loadPart, partCore } from "./state.js";

const nativeTypes = { number: "number", float: "number", "datetime-local": "datetime-local", datetime: "datetime-local" };

class LineField extends Field {
  build() {
    const { spec } = this;
    const type = nativeTypes[spec.type] || spec.type || "text";
    const input = this.common(h("input", { class: "w-input", type }));
    if (spec.type === "float") setAttributes(input, { step: spec.step ?? "any", inputmode: "decimal" });
    if (spec.type === "number") setAttributes(input, { step: spec.step, inputmode: "numeric" });
    if (type === "text" || type === "password") setAttributes(input, { autocomplete: spec.autocomplete ?? (type === "password" ? "current-password" : "off") });
    // The attribute, because a form's reset goes back to it.
    if (spec.value !== undefined && spec.value !== null) input.defaultValue = spec.value;
    this.datalist = h("datalist", { id: `${this.id}-list` });
    if (spec.datalist) this.suggest(input, spec.datalist);
    input.addEventListener("input", () => this.changedByHand());
    input.addEventListener("blur", () => { if (this.value()) this.hooks.blurred(this); });
    // A wheel over a focused number must scroll the page, not change what was typed.
    if (type === "number") input.addEventListener("wheel", () => input.blur(), { passive: true });
    return input;
  }

  suggest(input, words) {
    this.datalist.replaceChildren(...words.map((word) => h("option", { value: word })));
    input.after(this.datalist);
    if (!this.datalist.isConnected) queueMicrotask(() => input.after(this.datalist));
    input.setAttribute("list", this.datalist.id);
  }

  get isNumeric() { return this.spec.type === "number" || this.spec.type === "float"; }

  // An action may show a word in place of a number (`set_value(value, label)`); the word then travels back as it stands.
  get showsLabel() { return this.isNumeric && this.control.type === "text"; }

  value() {
    if (!this.isNumeric || this.showsLabel) return this.control.value;
    const number = this.spec.type === "number" ? parseInt(this.control.value, 10) : parseFloat(this.control.value);
    return Number.isNaN(number) ? null : number;
  }

  setValue(value) {
    if (this.isNumeric) {
      const isNumber = value === null || value === "" || Number.isFinite(Number(value));
      this.control.type = isNumber ? "number" : "text";
    }
    super.setValue(value);
  }

  updateOne(key, value, target) {
    if (key === "datalist") this.suggest(this.control, value || []);
    else super.updateOne(key, value, target);
  }

  problem() {
    if (this.isNumeric && !this.showsLabel) {
      const { validity } = this.control;
      if (validity.badInput) return say("number_needed");
      if (this.spec.type === "number" && this.control.value !== "" && !/^[-+]?\d+$/.test(this.control.value.trim())) return say("whole_number_needed");
    }
    return super.problem();
  }
}

class AreaField extends Field {
  build() {
    const { spec } = this;
    const area = this.common(h("textarea", { class: spec.code ? "w-input w-mono" : "w-input", rows: spec.rows || 6, spellcheck: spec.code ? "false" : null }));
    if (spec.value) area.defaultValue = spec.value;
    area.addEventListener("input", () => this.changedByHand());
    return area;
  }

  frame() {
    if (!this.spec.code) return super.frame();
    const frame = h("div", { class: "w-editor", style: `block-size: calc(${Number(this.spec.rows) || 6} * 1.45rem + 1.1rem)` }, this.control);
    // Line numbers, colours and the keys of an editor. Without them it is still a field to type into.
    loadPart("editor").then((module) => { this.editor = module.makeEditor(partCore, this, frame); }).catch((error) => console.error(error));
    return frame;
  }

  setValue(value) { super.setValue(value); this.redraw(); }
  redraw() { this.editor?.draw(); }
}

class SliderField extends Field {
  build() {
    const { spec } = this;
    const input = this.common(h("input", {
      class: "w-slider", type: "range", min: spec.min_value ?? 0, max: spec.max_value ?? 100, step: spec.step ?? 1,
    }));
    input.defaultValue = spec.value ?? 0;
    this.shown = h("output", { class: "w-slider-value", for: this.id }, input.value);
    this.paint(input);
    input.addEventListener("input", () => { this.paint(input); this.changedByHand(); });
    return input;
  }

  redraw() { this.paint(this.control); }

  frame() { return h("div", { class: "w-slider-row" }, this.control, this.shown); }

  // The filled part of the track, for browsers that cannot style it by themselves.
  paint(input) {
    const { min, max, value } = input;
    input.style.setProperty("--filled", `${((value - min) / (max - min || 1)) * 100}%`);
    this.shown.textContent = value;
  }

  value() { return this.spec.float ? parseFloat(this.control.value) : parseInt(this.control.value, 10); }
  setValue(value) { this.control.value = value; this.paint(this.control); }

  updateOne(key, value, target) {
    const native = { min_value: "min", max_value: "max" }[key];
    if (native) { this.control[native] = value; this.paint(this.control); } else super.updateOne(key, value, target);
  }
}

export const textFields = {
  text: LineField, number: LineField, float: LineField, password: LineField, url: LineField, email: LineField, date: LineField, time: LineField,
  color: LineField, datetime: LineField, "datetime-local": LineField, search: LineField, tel: LineField, month: LineField, week: LineField,
  textarea: AreaField, slider: SliderField,
};
