// `custom_widget`: a template and its data, as PyWebIO's `put_widget` sends them. A small mustache: {{name}}, {{{name}}}, {{&name}},
// sections, inverted sections, dotted names, `.` and comments; no partials, no changed delimiters. Embedded outputs become real
// elements: the template is rendered with placeholders, and these are replaced after parsing.

const tagForm = /\{\{(?:!([^]*?)|\{\s*([^}]+?)\s*\}|([#^/&])?\s*([^{}]+?)\s*)\}\}/g;

function parse(template) {
  const root = { nodes: [] };
  const open = [root];
  let done = 0;
  for (const found of template.matchAll(tagForm)) {
    const here = open[open.length - 1];
    here.nodes.push({ text: template.slice(done, found.index) });
    done = found.index + found[0].length;
    const [, comment, triple, sign, name] = found;
    if (comment !== undefined) continue;
    if (triple) here.nodes.push({ name: triple, raw: true });
    else if (sign === "#" || sign === "^") {
      const section = { name, inverted: sign === "^", nodes: [], start: done };
      here.nodes.push(section);
      open.push(section);
    } else if (sign === "/") { if (open.length > 1) open.pop().source = template.slice(here.start, found.index); }
    else here.nodes.push({ name, raw: sign === "&" });
  }
  open[open.length - 1].nodes.push({ text: template.slice(done) });
  return root.nodes;
}

function lookUp(name, stack) {
  if (name === ".") return stack[stack.length - 1];
  const [first, ...rest] = name.split(".");
  for (let i = stack.length - 1; i >= 0; i -= 1) {
    const holder = stack[i];
    if (holder === null || typeof holder !== "object" || !(first in holder)) continue;
    return rest.reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), holder[first]);
  }
  return undefined;
}

const escapeText = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

class Renderer {
  constructor(core) {
    this.core = core;
    this.embedded = new Map();
    this.ids = new Map();
    this.counter = 0;
  }

  // PyWebIO's three helpers, under the names its templates use.
  helper(name, stack, section) {
    if (name === "pywebio_output_parse") {
      const value = stack[stack.length - 1];
      const id = this.core.uniqueId("part");
      this.embedded.set(id, value !== null && typeof value === "object" && value.type ? value : { type: "text", content: String(value ?? ""), inline: true });
      return `<div id="${id}"></div>`;
    }
    if (name === "index") { this.counter += 1; return String(this.counter); }
    if (name === "uniqueid" && section) {
      const key = section.source.trim();
      if (!this.ids.has(key)) this.ids.set(key, `webio-${Math.random().toString(36).slice(2, 12).padEnd(10, "0")}`);
      return this.ids.get(key);
    }
    return null;
  }

  run(nodes, stack) {
    return nodes.map((node) => this.one(node, stack)).join("");
  }

  one(node, stack) {
    if (node.text !== undefined) return node.text;
    const helped = this.helper(node.name, stack, node.nodes ? node : null);
    if (helped !== null) return helped;
    const value = lookUp(node.name, stack);
    if (!node.nodes) {
      const text = value === null || value === undefined ? "" : String(value);
      return node.raw ? text : escapeText(text);
    }
    const isEmpty = value === null || value === undefined || value === false || value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
    if (node.inverted) return isEmpty ? this.run(node.nodes, stack) : "";
    if (isEmpty) return "";
    const items = Array.isArray(value) ? value : [value === true ? stack[stack.length - 1] : value];
    return items.map((item) => this.run(node.nodes, [...stack, item])).join("");
  }
}

// PyWebIO's own templates wear Bootstrap's names; these few lines give them our looks.
const compatibility = `
.alert { padding: .85rem 1rem; border-radius: var(--radius); border: 1px solid var(--line); margin-block: 0 var(--s4); background: var(--info-tint); position: relative; }
.alert-success { background: var(--success-tint); } .alert-warning { background: var(--warning-tint); } .alert-danger { background: var(--danger-tint); }
.alert > :last-child, details > :last-child { margin-block-end: 0; }
.alert > button.close { position: absolute; inset-block-start: .5rem; inset-inline-end: .6rem; border: 0; background: none; color: inherit; font-size: 1.4rem; cursor: pointer; }
.progress { block-size: 1.35rem; border-radius: 1rem; background: var(--sunken); overflow: hidden; }
.progress-bar { block-size: 100%; background: var(--fill); color: var(--on-fill); font-size: .8rem; text-align: center; white-space: nowrap; transition: width .2s; }
.w-custom_widget > details { border: 1px solid var(--line); border-radius: var(--radius); padding: .65rem 1rem; background: var(--surface); }
.w-custom_widget > details > summary { cursor: pointer; font-weight: 550; } .w-custom_widget > details[open] > summary { margin-block-end: .6rem; }
`;
let hasStyles = false;

export function render(core, spec, element, early) {
  if (!hasStyles) { core.addStyleSheet(compatibility); hasStyles = true; }
  const renderer = new Renderer(core);
  const html = renderer.run(parse(spec.template), [spec.data || {}]);
  const fragment = core.trustedFragment(html.trim());
  core.reviveMarkup(fragment);
  for (const [id, embedded] of renderer.embedded) fragment.querySelector(`#${id}`)?.replaceWith(core.renderSpec(embedded));
  for (const close of fragment.querySelectorAll("[data-dismiss=alert]")) close.addEventListener("click", () => close.closest(".alert").remove());
  element.append(fragment);
  // The widget itself, not the box it was loaded into, is what ids and styles are meant for.
  const only = element.children.length === 1 ? element.firstElementChild : element;
  if (spec.container_dom_id) {
    element.removeAttribute("id");
    const target = spec.container_selector ? only.querySelector(`:scope ${spec.container_selector}`) || only : only;
    target.id = spec.container_dom_id;
    target.append(...early);
  }
}
