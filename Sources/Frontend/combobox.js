// A select with very many options: one types to find. The native select stays in the field and keeps the value; this stands in its
// place as a combobox with a list box, after the ARIA Authoring Practices. Loaded with the first select that needs it.

const pageSize = 200;            // options that are drawn at a time
const style = `
.w-combo { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem; max-block-size: 9rem; overflow-y: auto; padding-inline-end: 2.4rem; cursor: text; background-image: linear-gradient(45deg, transparent 50%, var(--muted) 50%), linear-gradient(-45deg, transparent 50%, var(--muted) 50%); background-size: .38rem .38rem; background-position: right 1.25rem center, right .9rem center; background-repeat: no-repeat; }
[dir="rtl"] .w-combo { background-position: left .9rem center, left 1.25rem center; }
.w-combo:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 28%, transparent); }
.w-invalid .w-combo:focus-within { box-shadow: 0 0 0 3px color-mix(in srgb, var(--danger) 28%, transparent); }
.w-combo:has(> :disabled) { opacity: .6; }
.w-combo > input { flex: 1; min-inline-size: 6rem; min-block-size: 1.6rem; padding: 0; border: 0; outline: none; background: none; color: inherit; font: inherit; text-overflow: ellipsis; }
.w-combo > input::placeholder { color: var(--muted); opacity: 1; }
.w-chip { display: inline-flex; align-items: center; max-inline-size: 100%; padding-inline-start: .6rem; border-radius: calc(var(--radius) * .7); background: var(--accent-tint); color: var(--text); font-size: var(--t-small); line-height: 1.6rem; }
.w-chip > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.w-chip > .w-close { inline-size: 1.6rem; block-size: 1.6rem; }
.w-combo-list { position: fixed; inset: auto; margin: 0; padding: .3rem; overflow-y: auto; overscroll-behavior: contain; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--text); box-shadow: var(--shadow); font-size: 1rem; }
.w-combo-group { padding: .5rem .6rem .2rem; color: var(--muted); font-size: var(--t-small); font-weight: 600; }
.w-combo-option { display: flex; align-items: baseline; gap: .5rem; min-block-size: 2.25rem; padding: .4rem .6rem; border-radius: calc(var(--radius) * .7); cursor: pointer; overflow-wrap: anywhere; }
.w-combo-option > .w-icon { align-self: center; margin-inline-start: auto; color: var(--accent); visibility: hidden; }
.w-combo-option[aria-selected="true"] { color: var(--accent); font-weight: 550; }
.w-combo-option[aria-selected="true"] > .w-icon { visibility: visible; }
.w-combo-option[aria-disabled="true"] { color: var(--muted); opacity: .7; cursor: default; }
.w-combo-option.w-active { background: var(--accent-tint); outline: 1.5px solid var(--accent); outline-offset: -1.5px; }
.w-combo-list > .w-note { margin: 0; padding: .6rem; }
@media (hover: hover) { .w-combo-option:hover:not([aria-disabled="true"]) { background: var(--accent-tint); } }
`;

let hasStyle = false;

export function makeCombobox(core, field) {
  if (!hasStyle) core.addStyleSheet(style);
  hasStyle = true;
  return new Combobox(core, field);
}

// What one types finds "Zürich" by "zurich".
function plain(text) {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
}

class Combobox {
  constructor(core, field) {
    this.core = core;
    this.field = field;
    this.select = field.control;
    const { h, say } = core;
    const { select } = this;
    const hadFocus = document.activeElement === select;
    this.input = h("input", {
      type: "text", role: "combobox", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": `${field.id}-list`, "aria-required": select.required ? "true" : null, placeholder: field.spec.placeholder || say("type_to_search"),
    });
    this.list = h("div", { class: "w-combo-list", id: `${field.id}-list`, role: "listbox", popover: "manual", tabindex: -1, "aria-multiselectable": select.multiple ? "true" : null, "aria-labelledby": `${field.id}-label` });
    this.news = h("div", { class: "w-offscreen", role: "status" });
    this.box = h("div", { class: "w-input w-combo" }, this.input);
    select.before(this.box);
    this.box.after(this.list, this.news);
    this.box.append(select);
    select.hidden = true;
    select.removeAttribute("id");
    this.input.id = field.id;
    field.described = this.input;
    field.describe();
    this.shown = [];
    this.active = -1;
    this.listen();
    this.draw();
    if (hadFocus) this.input.focus({ preventScroll: true });
  }

  listen() {
    const { box, input, list } = this;
    box.addEventListener("mousedown", (event) => {
      if (this.input.disabled || event.target.closest(".w-chip")) return;
      // The browser would put a caret into the answer, where typing is to replace it.
      if (event.target !== input || this.isAnswer) { event.preventDefault(); input.focus(); this.selectAnswer(); }
      if (this.isOpen && event.target !== input) this.close(); else this.open();
    });
    input.addEventListener("focus", () => this.selectAnswer());
    input.addEventListener("input", () => { this.open(); this.search(); });
    input.addEventListener("keydown", (event) => this.pressed(event));
    box.addEventListener("focusout", (event) => {
      if (box.contains(event.relatedTarget)) return;
      this.close();
      this.field.hooks.blurred(this.field);
    });
    // The list must not take the focus, nor the scroll bar in it.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.index));
    });
    list.addEventListener("scroll", () => { if (list.scrollTop + list.clientHeight > list.scrollHeight - 200) this.drawMore(); });
    this.follow = (event) => { if (event.target !== list) this.settle(); };
  }

  // What stands there is the answer until one types, and typing replaces it.
  get isAnswer() { return !this.select.multiple && this.input.value === (this.chosen[0]?.label ?? ""); }

  selectAnswer() { if (this.isAnswer) this.input.select(); }

  get isOpen() { return this.list.matches(":popover-open"); }

  get chosen() { return [...this.select.selectedOptions]; }

  // From the select, which somebody else may have changed.
  draw() {
    const { input, select } = this;
    input.disabled = select.disabled;
    for (const chip of this.box.querySelectorAll(".w-chip")) chip.remove();
    if (select.multiple) input.before(...this.chosen.map((option) => this.chip(option)));
    if (select.multiple) input.placeholder = this.chosen.length ? "" : this.field.spec.placeholder || this.core.say("type_to_search");
    if (!this.isOpen) input.value = select.multiple ? "" : this.chosen[0]?.label ?? "";
    else this.search();
  }

  chip(option) {
    const { h, icon, say } = this.core;
    const remove = h("button", { type: "button", class: "w-close", tabindex: -1, disabled: this.select.disabled, "aria-label": say("remove_choice", option.label), onclick: () => { this.toggle(option); this.input.focus(); } }, icon("close"));
    return h("span", { class: "w-chip" }, h("span", null, option.label), remove);
  }

  open() {
    if (this.isOpen) return;
    this.list.showPopover();
    this.input.setAttribute("aria-expanded", "true");
    for (const type of ["scroll", "resize"]) addEventListener(type, this.follow, { capture: true, passive: true });
    this.search();
  }

  close() {
    if (!this.isOpen) return;
    this.list.hidePopover();
    for (const type of ["scroll", "resize"]) removeEventListener(type, this.follow, { capture: true });
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.news.textContent = "";
    this.draw();
    if (document.activeElement === this.input) this.selectAnswer();
  }

  // Below the field, or above it where there is more room; always in the window.
  settle() {
    const box = this.box.getBoundingClientRect();
    const view = window.visualViewport;
    const top = view ? view.offsetTop : 0;
    const bottom = top + (view ? view.height : innerHeight);
    const below = bottom - box.bottom - 12;
    const above = box.top - top - 12;
    const goesUp = below < 260 && above > below;
    Object.assign(this.list.style, {
      left: `${box.left}px`, width: `${box.width}px`, maxHeight: `${Math.max(120, Math.min(340, goesUp ? above : below))}px`,
      top: goesUp ? "auto" : `${box.bottom + 4}px`, bottom: goesUp ? `${innerHeight - box.top + 4}px` : "auto",
    });
  }

  // All options whose label or group has every word that was typed.
  search() {
    const text = this.input.value;
    // What stands there before anything is typed is the answer, not a question.
    const words = !this.isAnswer ? plain(text).split(/\s+/).filter(Boolean) : [];
    this.shown = [...this.select.options].filter((option) => {
      const name = plain(`${option.label} ${option.parentElement.label ?? ""}`);
      return words.every((word) => name.includes(word));
    });
    this.list.replaceChildren();
    this.list.scrollTop = 0;
    this.drawn = 0;
    this.group = null;
    this.drawMore();
    const { say, h } = this.core;
    if (this.shown.length === 0) this.list.append(h("p", { class: "w-note" }, say("nothing_found")));
    this.news.textContent = words.length ? say("found", this.shown.length) : "";
    this.settle();
    const start = words.length ? this.shown.findIndex((option) => !option.disabled) : this.shown.findIndex((option) => option.selected);
    this.activate(this.select.multiple && !words.length ? -1 : start);
  }

  drawMore() {
    const { h, icon } = this.core;
    for (const option of this.shown.slice(this.drawn, this.drawn + pageSize)) {
      const group = option.parentElement.label ?? "";
      if (!this.group || this.group.label !== group) {
        const id = this.core.uniqueId("group");
        const element = group ? h("div", { role: "group", "aria-labelledby": id }, h("div", { class: "w-combo-group", id, role: "presentation" }, group)) : h("div", { role: "presentation" });
        this.group = { label: group, element };
        this.list.append(element);
      }
      this.group.element.append(h("div", {
        class: "w-combo-option", id: `${this.field.id}-option-${option.index}`, role: "option", "data-index": option.index, "aria-selected": String(option.selected), "aria-disabled": option.disabled ? "true" : null,
      }, h("span", null, option.label), icon("check")));
      this.drawn += 1;
    }
  }

  activate(position) {
    this.list.querySelector(".w-active")?.classList.remove("w-active");
    this.active = position;
    const option = this.shown[position];
    if (!option) { this.input.removeAttribute("aria-activedescendant"); return; }
    while (this.drawn <= position) this.drawMore();
    const element = document.getElementById(`${this.field.id}-option-${option.index}`);
    element.classList.add("w-active");
    this.input.setAttribute("aria-activedescendant", element.id);
    element.scrollIntoView({ block: "nearest" });
  }

  // By so many options, past those that cannot be chosen.
  move(step) {
    const { shown } = this;
    if (!shown.some((option) => !option.disabled)) return;
    let at = this.active < 0 && step < 0 ? shown.length : this.active;
    at = Math.abs(step) > 1 ? Math.min(shown.length - 1, Math.max(0, at + step)) : (at + step + shown.length) % shown.length;
    const direction = Math.sign(step);
    while (shown[at].disabled) at = (at + direction + shown.length) % shown.length;
    this.activate(at);
  }

  pressed(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (steps[event.key]) {
      event.preventDefault();
      if (this.isOpen) this.move(steps[event.key]); else this.open();
    } else if (event.key === "Enter" && this.isOpen) {
      event.preventDefault();
      if (this.shown[this.active]) this.choose(this.shown[this.active].index);
    } else if (event.key === "Tab") {
      this.close();
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.input.value = "";
      this.close();
    } else if (event.key === "Backspace" && this.select.multiple && this.input.value === "") {
      const last = this.chosen.at(-1);
      if (last) this.toggle(last);
    }
  }

  choose(index) {
    const option = this.select.options[index];
    if (!option || option.disabled) return;
    if (this.select.multiple) {
      this.input.value = "";
      const { active } = this;
      const wasAll = this.shown.length === this.select.options.length;
      const top = this.list.scrollTop;
      this.toggle(option);
      // The list stays where it is, so that several can be chosen one after the other.
      if (wasAll) { this.activate(active); this.list.scrollTop = top; } else this.activate(this.shown.indexOf(option));
      return;
    }
    option.selected = true;
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
    this.close();
  }

  toggle(option) {
    option.selected = !option.selected;
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
    this.draw();
  }
}
