// The upload field: a native file input over a drop area, with the chosen files listed below.
import { h, icon, readableSize } from "./dom.js";
import { Field } from "./fields.js";
import { say } from "./i18n.js";

class FileField extends Field {
  build() {
    const { spec } = this;
    const accept = Array.isArray(spec.accept) ? spec.accept.join(",") : spec.accept;
    const input = this.common(h("input", { type: "file", class: "w-file-input", multiple: Boolean(spec.multiple), accept: accept || null }));
    input.removeAttribute("placeholder");
    input.addEventListener("change", () => { this.changedByHand(); this.showFiles(); });
    return input;
  }

  // The native input lies invisibly over the whole area: a click, a drop and the keyboard all reach it without any script.
  frame() {
    // The two placeholders are what servers send when the app chose none.
    const words = this.spec.placeholder && !["Choose file", "Choose files"].includes(this.spec.placeholder) ? this.spec.placeholder : say(this.spec.multiple ? "browse_files" : "browse_file");
    this.list = h("ul", { class: "w-files" });
    this.area = h("div", { class: "w-drop" }, this.control, icon("file"), h("span", null, h("b", null, words), " ", say("drop_file")));
    for (const type of ["dragenter", "dragover"]) this.area.addEventListener(type, () => this.area.classList.add("w-over"));
    for (const type of ["dragleave", "drop"]) this.area.addEventListener(type, () => this.area.classList.remove("w-over"));
    return h("div", null, this.area, this.list);
  }

  showFiles() {
    this.list.replaceChildren(...[...this.control.files].map((file, i) => h("li", null, icon("file"), h("span", { class: "w-file-name" }, file.name),
      h("span", { class: "w-file-size" }, readableSize(file.size)),
      h("button", { type: "button", class: "w-close", "aria-label": say("remove_file", file.name), onclick: () => this.remove(i) }, icon("close")))));
    const problem = this.sizeProblem();
    if (problem) this.setStatus(false, problem);
  }

  remove(index) {
    const transfer = new DataTransfer();
    [...this.control.files].forEach((file, i) => { if (i !== index) transfer.items.add(file); });
    this.setFiles(transfer.files);
    this.changedByHand();
    this.control.focus();
  }

  setFiles(files) {
    this.control.files = files;
    this.showFiles();
  }

  problem() { return this.sizeProblem() || super.problem(); }

  sizeProblem() {
    const { max_size: one, max_total_size: all } = this.spec;
    const files = [...this.control.files];
    const tooLarge = one ? files.find((file) => file.size > one) : null;
    if (tooLarge) return say("file_size_exceed", tooLarge.name, readableSize(one));
    if (all && files.reduce((sum, file) => sum + file.size, 0) > all) return say("file_total_size_exceed", readableSize(all));
    return null;
  }

  // The contents travel beside the event; in it stands only the place they are put.
  value() { return this.spec.multiple ? [] : null; }
  files() { return [...this.control.files].map((file) => ({ file, name: this.name })); }
  setValue() { this.control.value = ""; this.showFiles(); }
}

export const fileFields = { file: FileField };
