// The data table: a hundred thousand rows with sorting, filtering and selection. Only the rows in view are elements; they are
// recycled while scrolling, and all have the same height, so that a row's place is a multiplication.

const rowHeight = 36;
const spareRows = 8;
const tables = new Map();

const styles = `
.w-datatable { border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); overflow: hidden; display: flex; flex-direction: column; font-size: .9375rem; }
.w-datatable .bar { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; padding: .5rem .75rem; border-block-end: 1px solid var(--line); }
.w-datatable .bar input { flex: 0 1 16rem; min-inline-size: 8rem; min-block-size: 2.1rem; padding: .25rem .65rem; font-size: .9375rem; }
@media (max-width: 34rem) { .w-datatable .bar:has(button) input { flex-basis: 100%; } }
.w-datatable .count { unicode-bidi: plaintext; margin-inline-start: auto; color: var(--muted); font-size: var(--t-small); font-variant-numeric: tabular-nums; }
.w-datatable .gap { inline-size: 1px; align-self: stretch; background: var(--line); }
.w-datatable .scroll { overflow: auto; flex: 1; min-block-size: 0; position: relative; overflow-anchor: none; }
.w-datatable .scroll:focus-visible { outline-offset: -3px; }
.w-datatable .line, .w-datatable .body { inline-size: max(100%, var(--wide)); }
.w-datatable .line { display: grid; grid-template-columns: var(--columns); }
.w-datatable .head { position: sticky; inset-block-start: 0; z-index: 1; background: var(--sunken); border-block-end: 1px solid var(--line); }
.w-datatable .head button { display: flex; align-items: center; padding: 0 .75rem; block-size: 2.4rem; border: 0; background: none; color: var(--muted); font: 600 .8125rem var(--font); text-align: start; cursor: pointer; overflow: hidden; white-space: nowrap; }
.w-datatable .head button:hover { color: var(--text); } .w-datatable .head button:focus-visible { outline-offset: -3px; }
.w-datatable .body { position: relative; }
.w-datatable .row { position: absolute; inset-inline-start: 0; inset-block-start: 0; block-size: ${rowHeight}px; border-block-end: 1px solid var(--line); contain: strict; background: var(--surface); }
.w-datatable .row > * { padding: 0 .75rem; line-height: ${rowHeight - 1}px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.w-datatable .number { text-align: end; font-variant-numeric: tabular-nums; }
.w-datatable .head .number { justify-content: flex-end; }
.w-datatable .selectable .row { cursor: pointer; } .w-datatable .selectable .row:hover { background: var(--sunken); }
.w-datatable .row[aria-selected=true] { background: var(--accent-tint); }
.w-datatable .row.active { box-shadow: inset 0 0 0 2px var(--accent); }
.w-datatable .empty { padding: 2rem; text-align: center; color: var(--muted); }
.w-datatable .content { padding: .45rem .75rem; border-block-start: 1px solid var(--line); background: var(--sunken); max-block-size: 6rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: var(--t-small); min-block-size: 2.2rem; }
`;
let hasStyles = false;

function valueAt(record, path) {
  return path.reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), record);
}

function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "object") return JSON.stringify(value);
  return value === true ? "✓" : value === false ? "–" : String(value);
}

// Columns are the paths to the values that are not objects, in order of first appearance.
function columnPaths(records, order) {
  const seen = new Map();
  const walk = (value, path) => {
    for (const [key, inner] of Object.entries(value)) {
      const here = [...path, key];
      if (inner !== null && typeof inner === "object" && !Array.isArray(inner)) walk(inner, here);
      else seen.set(JSON.stringify(here), here);
    }
  };
  const isNamed = Array.isArray(order) && order.length > 0;
  if (isNamed) for (const entry of order) { const path = Array.isArray(entry) ? entry : [entry]; seen.set(JSON.stringify(path), path); }
  if (isNamed && !records.some((record) => order.some((name) => valueAt(record, [].concat(name)) !== null && typeof valueAt(record, [].concat(name)) === "object"))) return [...seen.values()];
  if (isNamed) seen.clear();
  for (const record of records.slice(0, 200)) walk(record, []);
  const paths = [...seen.values()];
  if (!isNamed) return paths;
  const place = (path) => { const i = order.findIndex((name) => [].concat(name)[0] === path[0]); return i < 0 ? order.length : i; };
  return paths.filter((path) => place(path) < order.length).sort((a, b) => place(a) - place(b));
}

class DataTable {
  constructor(core, spec, element) {
    this.core = core;
    this.spec = spec;
    this.element = element;
    this.nextIndex = 0;
    this.selected = new Set();
    this.sorting = { column: null, direction: 1 };
    this.query = "";
    this.active = -1;
    this.pool = [];
    this.collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
    this.isSelectable = Boolean(spec.on_select || (spec.actions || []).length);
    this.setRecords(spec.records || []);
    this.build();
    this.refresh();
  }

  makeRow(record) {
    const id = this.spec.id_field ? valueAt(record, [].concat(this.spec.id_field)) : this.nextIndex;
    this.nextIndex += 1;
    return { id, record, text: null };
  }

  setRecords(records) {
    this.nextIndex = 0;
    this.rows = records.map((record) => this.makeRow(record));
    this.columns = columnPaths(records, this.spec.column_order).map((path) => {
      const sample = this.rows.slice(0, 100).map((row) => valueAt(row.record, path)).filter((value) => value !== null && value !== undefined);
      const isNumber = sample.length > 0 && sample.every((value) => typeof value === "number");
      const longest = Math.max(path.join(" › ").length + 3, ...sample.map((value) => shown(value).length));
      return { path, isNumber, width: Math.min(340, Math.max(72, Math.round(longest * 8.8 + 30))) };
    });
  }

  build() {
    const { h, say, uniqueId } = this.core;
    const spec = this.spec;
    this.filter = h("input", { class: "w-input", type: "search", placeholder: say("filter"), "aria-label": say("filter"), id: uniqueId("filter") });
    let timer = null;
    this.filter.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { this.query = this.filter.value.trim().toLowerCase(); this.refresh(true); }, 120); });
    this.count = h("span", { class: "count", "aria-live": "polite" });
    this.actions = (spec.actions || []).map((label, i) => (label === null ? h("span", { class: "gap" })
      : this.core.commandButton(label, { small: true, color: "secondary", disabled: true }, () => this.core.sendCallback(spec.callback_id, { btn: i, rows: this.selectedIds() }))));
    this.head = h("div", { class: "line head", role: "row" });
    this.body = h("div", { class: "body", role: "rowgroup" });
    this.scroll = h("div", { class: `scroll${this.isSelectable ? " selectable" : ""}`, tabindex: 0, role: "grid", "aria-label": spec.label || say("table"), "aria-multiselectable": spec.multiple_select ? "true" : null }, this.head, this.body);
    this.content = spec.cell_content_bar ? h("div", { class: "content" }) : null;
    this.element.append(h("div", { class: "bar" }, this.filter, this.actions, this.count), this.scroll, ...(this.content ? [this.content] : []));
    const height = spec.height === "auto" || !spec.height ? `${Math.min(600, 110 + this.rows.length * rowHeight)}px` : typeof spec.height === "number" ? `${spec.height}px` : spec.height;
    this.element.style.height = height;
    this.buildHead();
    this.scroll.addEventListener("scroll", () => this.paintSoon(), { passive: true });
    this.body.addEventListener("click", (event) => this.click(event));
    this.scroll.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.paintSoon()).observe(this.scroll);
  }

  buildHead() {
    const { h } = this.core;
    this.element.style.setProperty("--columns", this.columns.map((column) => `minmax(${column.width}px, ${column.width}fr)`).join(" "));
    this.element.style.setProperty("--wide", `${this.columns.reduce((sum, column) => sum + column.width, 0)}px`);
    this.head.replaceChildren(...this.columns.map((column) => {
      const mark = h("span", { "aria-hidden": "true" });
      const button = h("button", { type: "button", class: column.isNumber ? "number" : null, role: "columnheader", "aria-sort": "none" }, column.path.join(" › "), mark);
      button.addEventListener("click", () => this.sortBy(column));
      Object.assign(column, { button, mark });
      return button;
    }));
    this.scroll.setAttribute("aria-colcount", String(this.columns.length));
    this.pool.forEach((element) => element.remove());
    this.pool = [];
  }

  // First click up, second down, third as it came.
  sortBy(column) {
    const { sorting } = this;
    if (sorting.column !== column) this.sorting = { column, direction: 1 };
    else if (sorting.direction === 1) this.sorting = { column, direction: -1 };
    else this.sorting = { column: null, direction: 1 };
    for (const other of this.columns) {
      const direction = other === this.sorting.column ? this.sorting.direction : 0;
      other.mark.textContent = direction === 0 ? "" : direction > 0 ? "\u00a0▲" : "\u00a0▼";
      other.button.setAttribute("aria-sort", direction === 0 ? "none" : direction > 0 ? "ascending" : "descending");
    }
    this.refresh();
  }

  refresh(goesToTop) {
    let view = this.rows;
    if (this.query) {
      view = view.filter((row) => {
        row.text ??= this.columns.map((column) => shown(valueAt(row.record, column.path))).join("\n").toLowerCase();
        return row.text.includes(this.query);
      });
    }
    const { column, direction } = this.sorting;
    if (column) {
      const keyed = view.map((row) => ({ row, key: valueAt(row.record, column.path) ?? null }));
      keyed.sort((a, b) => direction * this.compare(a.key, b.key));
      view = keyed.map((entry) => entry.row);
    }
    this.view = view;
    this.body.style.height = `${view.length * rowHeight}px`;
    this.scroll.setAttribute("aria-rowcount", String(view.length + 1));
    if (goesToTop) this.scroll.scrollTop = 0;
    this.active = Math.min(this.active, view.length - 1);
    this.empty?.remove();
    if (view.length === 0) { this.empty = this.core.h("div", { class: "empty" }, this.core.say("no_rows")); this.scroll.append(this.empty); }
    this.showCount();
    this.painted = null;
    this.paint();
  }

  compare(a, b) {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === "number" && typeof b === "number") return a - b;
    return this.collator.compare(shown(a), shown(b));
  }

  showCount() {
    const { say } = this.core;
    const format = (number) => number.toLocaleString();
    const rows = this.view.length === this.rows.length ? say("rows", format(this.rows.length)) : say("rows_of", format(this.view.length), format(this.rows.length));
    this.count.textContent = this.selected.size && this.isSelectable ? `${say("selected", format(this.selected.size))} · ${rows}` : rows;
    for (const button of this.actions) if (button.matches("button")) button.disabled = this.selected.size === 0;
  }

  paintSoon() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => { this.isWaiting = false; this.paint(); });
  }

  paint() {
    const visible = Math.ceil((this.scroll.clientHeight || 600) / rowHeight);
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / rowHeight) - spareRows);
    const last = Math.min(this.view.length, first + visible + 2 * spareRows);
    const key = `${first}:${last}`;
    if (key === this.painted) return;
    this.painted = key;
    while (this.pool.length < last - first) this.pool.push(this.makeLine());
    this.pool.forEach((line, i) => {
      const index = first + i;
      line.hidden = index >= last;
      if (index < last) this.fill(line, index);
    });
  }

  makeLine() {
    const { h } = this.core;
    const line = h("div", { class: "line row", role: "row" }, this.columns.map((column) => h("div", { role: "gridcell", class: column.isNumber ? "number" : null })));
    this.body.append(line);
    return line;
  }

  fill(line, index) {
    const row = this.view[index];
    line.style.transform = `translateY(${index * rowHeight}px)`;
    line.dataset.index = index;
    line.setAttribute("aria-rowindex", String(index + 2));
    if (this.isSelectable) line.setAttribute("aria-selected", String(this.selected.has(row)));
    line.classList.toggle("active", index === this.active);
    this.columns.forEach((column, c) => {
      const text = shown(valueAt(row.record, column.path));
      const cell = line.children[c];
      if (cell.textContent !== text) cell.textContent = text;
    });
  }

  repaint() {
    this.painted = null;
    this.paint();
  }

  click(event) {
    const line = event.target.closest(".row");
    if (!line) return;
    const index = Number(line.dataset.index);
    const cell = event.target.closest("[role=gridcell]");
    if (this.content && cell) this.content.textContent = cell.textContent;
    if (getSelection().toString()) return;
    this.select(index, event);
  }

  // One row; or with several allowed: a click toggles, Shift reaches from the last one.
  select(index, { shiftKey } = {}) {
    if (!this.isSelectable) { this.active = index; this.repaint(); return; }
    const row = this.view[index];
    if (this.spec.multiple_select) {
      if (shiftKey && this.active >= 0) {
        for (let i = Math.min(this.active, index); i <= Math.max(this.active, index); i += 1) this.selected.add(this.view[i]);
      } else if (!this.selected.delete(row)) this.selected.add(row);
    } else this.selected = new Set(this.selected.has(row) && this.selected.size === 1 ? [] : [row]);
    this.active = index;
    this.repaint();
    this.showCount();
    if (this.spec.on_select && this.selected.size) this.core.sendCallback(this.spec.callback_id, { rows: this.selectedIds() });
  }

  selectedIds() { return [...this.selected].map((row) => row.id); }

  key(event) {
    if (event.target !== this.scroll) return;
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / rowHeight) - 2);
    const steps = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page, Home: 0, End: this.view.length - 1 };
    if (event.key in steps) {
      event.preventDefault();
      this.active = Math.max(0, Math.min(this.view.length - 1, steps[event.key]));
      this.reveal(this.active);
      this.repaint();
    } else if ((event.key === " " || event.key === "Enter") && this.active >= 0) {
      event.preventDefault();
      this.select(this.active, event);
    }
  }

  reveal(index) {
    const head = this.head.offsetHeight;
    const top = index * rowHeight;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (top + rowHeight + head > this.scroll.scrollTop + this.scroll.clientHeight) this.scroll.scrollTop = top + rowHeight + head - this.scroll.clientHeight;
  }

  rowOf(id) {
    const key = JSON.stringify(id);
    return this.rows.find((row) => JSON.stringify(row.id) === key);
  }

  apply({ set, insert, before, remove, records }) {
    if (records) { this.setRecords(records); this.selected.clear(); this.buildHead(); }
    for (const { row: id, path, value } of set || []) {
      const row = this.rowOf(id);
      if (!row) { console.warn("WebIO: the data table has no row", id); continue; }
      const keys = [].concat(path ?? []);
      if (keys.length === 0) row.record = value;
      else valueAt(row.record, keys.slice(0, -1))[keys[keys.length - 1]] = value;
      row.text = null;
    }
    if (insert) {
      const at = before === null || before === undefined ? this.rows.length : this.rows.indexOf(this.rowOf(before));
      if (this.rows.length === 0) { this.setRecords(insert); this.buildHead(); } else this.rows.splice(at < 0 ? this.rows.length : at, 0, ...insert.map((record) => this.makeRow(record)));
    }
    if (remove) {
      const gone = new Set(remove.map((id) => JSON.stringify(id)));
      this.rows = this.rows.filter((row) => { const stays = !gone.has(JSON.stringify(row.id)); if (!stays) this.selected.delete(row); return stays; });
    }
    this.refresh();
  }
}

export function render(core, spec, element) {
  if (!hasStyles) { core.addStyleSheet(styles); hasStyles = true; }
  const table = new DataTable(core, spec, element);
  if (spec.instance_id) tables.set(spec.instance_id, table);
}

// The command `datatable`.
export function update(core, spec) {
  const table = tables.get(spec.instance_id);
  if (table && table.element.isConnected) table.apply(spec);
  else console.warn(`WebIO: no data table ${spec.instance_id}.`);
}
