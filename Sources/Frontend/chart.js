// Charts drawn as SVG: lines, bars, areas, scattered points; a legend that switches series, and a readout that follows the pointer.

const space = "http://www.w3.org/2000/svg";
const seriesColors = [["#3554d1", "#93a8ff"], ["#c96a0a", "#f0a865"], ["#1b8a5a", "#6ad29f"], ["#c0332b", "#ff958c"], ["#8a4fc7", "#cda2f7"], ["#0b8199", "#63cbe0"]];
const margins = { top: 12, right: 12, bottom: 30, left: 52 };

const styles = `
.w-chart { ${seriesColors.map(([light], i) => `--series-${i}: ${light};`).join(" ")} }
@supports (color: light-dark(red, blue)) { .w-chart { ${seriesColors.map(([light, dark], i) => `--series-${i}: light-dark(${light}, ${dark});`).join(" ")} } }
.w-chart figure { margin: 0; }
.w-chart figcaption { font-weight: 600; margin-block-end: var(--s2); }
.w-chart .w-plot { position: relative; }
.w-chart svg { display: block; inline-size: 100%; overflow: visible; }
.w-chart text { fill: var(--muted); font: .75rem var(--font); font-variant-numeric: tabular-nums; }
.w-chart .grid { stroke: var(--line); } .w-chart .axis { stroke: var(--edge); }
.w-chart .line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
.w-chart .cursor { stroke: var(--edge); stroke-dasharray: 3 3; }
.w-chart .legend { display: flex; flex-wrap: wrap; gap: .25rem .4rem; margin: var(--s2) -.5rem 0; }
.w-chart .legend button { display: inline-flex; align-items: center; gap: .45rem; border: 0; border-radius: var(--radius); padding: .2rem .5rem; min-block-size: 1.75rem; background: none; color: var(--text); font: .875rem var(--font); cursor: pointer; }
.w-chart .legend button:hover { background: var(--sunken); }
.w-chart .legend i { inline-size: .75rem; block-size: .75rem; border-radius: .2rem; }
.w-chart .legend [aria-pressed=false] { color: var(--muted); text-decoration: line-through; } .w-chart .legend [aria-pressed=false] i { opacity: .3; }
.w-chart .readout { position: absolute; inset-block-start: 0; pointer-events: none; padding: .4rem .65rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); box-shadow: var(--shadow); font-size: .8125rem; white-space: nowrap; z-index: 2; }
.w-chart .readout b { display: block; } .w-chart .readout i { display: inline-block; inline-size: .6rem; block-size: .6rem; border-radius: .15rem; margin-inline-end: .4rem; }
`;
let hasStyles = false;

function draw(tag, attributes, text) {
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) {
    // Colours are tokens; a presentation attribute cannot read them, the style object can.
    if (name === "paint") for (const [property, token] of Object.entries(value)) element.style[property] = token;
    else element.setAttribute(name, value);
  }
  if (text !== undefined) element.textContent = text;
  return element;
}

// Round steps of 1, 2 or 5 times a power of ten that cover the range in about `count` pieces.
export function niceTicks(low, high, count) {
  const range = high - low || Math.abs(high) || 1;
  const raw = range / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999);
  const ticks = [];
  for (let i = Math.floor(low / step + 1e-9); i * step <= high + step * 0.999; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function readableNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${+(value / 1e9).toPrecision(3)}G`;
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(6));
}

class Chart {
  constructor(core, spec, element) {
    this.core = core;
    this.spec = spec;
    this.height = typeof spec.height === "number" ? spec.height : 300;
    this.series = (spec.series || []).map((series, i) => ({
      name: series.name || `${i + 1}`, points: series.points || [], shown: true, color: series.color || `var(--series-${i % seriesColors.length})`,
    }));
    // Words on the x axis are categories; bars always stand side by side in categories.
    const values = this.series.flatMap((series) => series.points.map((point) => point[0]));
    this.isCategory = spec.kind === "bar" || values.some((value) => typeof value !== "number");
    this.categories = this.isCategory ? [...new Set(values)] : [];
    if (this.isCategory && this.categories.every((value) => typeof value === "number")) this.categories.sort((a, b) => a - b);
    this.plot = core.h("div", { class: "w-plot" });
    this.readout = core.h("div", { class: "readout", hidden: true });
    const { h } = core;
    element.append(h("figure", null, spec.title ? h("figcaption", null, spec.title) : null, this.plot,
      this.series.length > 1 || spec.series?.[0]?.name ? this.legend() : null));
    new ResizeObserver(() => this.paint()).observe(this.plot);
    this.plot.style.minHeight = `${this.height}px`;
    this.plot.addEventListener("pointermove", (event) => this.follow(event));
    this.plot.addEventListener("pointerleave", () => this.leave());
    this.paint();
  }

  legend() {
    const { h } = this.core;
    return h("div", { class: "legend" }, this.series.map((series) => {
      const mark = h("i");
      mark.style.background = series.color;
      const button = h("button", { type: "button", "aria-pressed": "true", onclick: () => {
        series.shown = !series.shown;
        button.setAttribute("aria-pressed", String(series.shown));
        this.paint();
      } }, mark, series.name);
      return button;
    }));
  }

  paint() {
    const width = Math.max(200, this.plot.clientWidth);
    if (!width || width === this.paintedWidth && this.shownKey === this.key()) return;
    this.paintedWidth = width;
    this.shownKey = this.key();
    const shown = this.series.filter((series) => series.shown);
    const isEmpty = !shown.some((series) => series.points.length);
    const bottom = margins.bottom + (this.spec.x_label ? 18 : 0);
    const top = margins.top + (this.spec.y_label ? 16 : 0);
    this.area = { left: margins.left, right: width - margins.right, top, bottom: this.height - bottom };
    const svg = draw("svg", { viewBox: `0 0 ${width} ${this.height}`, height: this.height, role: "img", "aria-label": this.describe() });
    this.plot.replaceChildren(svg, this.readout);
    if (isEmpty) {
      svg.append(draw("text", { x: width / 2, y: this.height / 2, "text-anchor": "middle" }, this.core.say("no_data")));
      return;
    }
    this.setScales(shown, width);
    this.axes(svg, width);
    shown.forEach((series, i) => this.drawSeries(svg, series, i, shown.length));
    this.cursor = draw("line", { class: "cursor", y1: this.area.top, y2: this.area.bottom, visibility: "hidden" });
    svg.append(this.cursor);
  }

  key() { return this.series.map((series) => series.shown).join(); }

  describe() {
    return `${this.spec.title || this.spec.kind || "line"}: ${this.series.map((series) => `${series.name} (${series.points.length})`).join(", ")}`;
  }

  setScales(shown, width) {
    const ys = shown.flatMap((series) => series.points.map((point) => point[1])).filter(Number.isFinite);
    let low = ys.reduce((a, b) => Math.min(a, b), Infinity);
    let high = ys.reduce((a, b) => Math.max(a, b), -Infinity);
    if (this.spec.kind === "bar" || this.spec.kind === "area") { low = Math.min(0, low); high = Math.max(0, high); }
    if (low === high) { low -= 1; high += 1; }
    this.yTicks = niceTicks(low, high, Math.max(2, Math.round(this.height / 65)));
    const y0 = this.yTicks[0];
    const y1 = this.yTicks[this.yTicks.length - 1];
    const { left, right, top, bottom } = this.area;
    this.y = (value) => bottom - ((value - y0) / (y1 - y0)) * (bottom - top);
    if (this.isCategory) {
      this.step = (right - left) / this.categories.length;
      this.x = (value) => left + (this.categories.indexOf(value) + 0.5) * this.step;
      return;
    }
    const xs = shown.flatMap((series) => series.points.map((point) => point[0]));
    const x0 = xs.reduce((a, b) => Math.min(a, b), Infinity);
    const x1 = xs.reduce((a, b) => Math.max(a, b), -Infinity);
    this.xTicks = niceTicks(x0, x1, Math.max(2, Math.round(width / 110))).filter((tick) => tick >= x0 && tick <= x1);
    this.x = (value) => left + ((value - x0) / (x1 - x0 || 1)) * (right - left);
  }

  axes(svg, width) {
    const { left, right, top, bottom } = this.area;
    for (const tick of this.yTicks) {
      svg.append(draw("line", { class: tick === 0 ? "axis" : "grid", x1: left, x2: right, y1: this.y(tick), y2: this.y(tick) }),
        draw("text", { x: left - 8, y: this.y(tick) + 4, "text-anchor": "end" }, readableNumber(tick)));
    }
    // As many category names as have room.
    const every = this.isCategory ? Math.ceil(56 / this.step) : 1;
    const marks = this.isCategory ? this.categories.filter((_, i) => i % every === 0) : this.xTicks;
    for (const mark of marks) {
      svg.append(draw("text", { x: this.x(mark), y: bottom + 18, "text-anchor": "middle" }, typeof mark === "number" && !this.isCategory ? readableNumber(mark) : String(mark)));
    }
    if (this.spec.x_label) svg.append(draw("text", { x: (left + right) / 2, y: this.height - 4, "text-anchor": "middle" }, this.spec.x_label));
    if (this.spec.y_label) svg.append(draw("text", { x: 0, y: top - 14 }, this.spec.y_label));
  }

  drawSeries(svg, series, index, count) {
    const { kind } = this.spec;
    const points = series.points.filter((point) => Number.isFinite(point[1]));
    if (kind === "bar") {
      const barWidth = Math.max(1, Math.min(64, (this.step * 0.76) / count));
      for (const [x, y] of points) {
        const left = this.x(x) + (index - count / 2) * barWidth;
        const edge = Math.min(this.y(y), this.y(0));
        svg.append(draw("rect", { x: left + 0.5, y: edge, width: Math.max(1, barWidth - 1), height: Math.max(0.5, Math.abs(this.y(y) - this.y(0))), rx: Math.min(3, barWidth / 4), paint: { fill: series.color } }));
      }
      return;
    }
    if (kind === "scatter") {
      for (const [x, y] of points) svg.append(draw("circle", { cx: this.x(x), cy: this.y(y), r: 4, paint: { fill: series.color, fillOpacity: 0.75 } }));
      return;
    }
    const path = points.map(([x, y], i) => `${i ? "L" : "M"}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`).join("");
    if (kind === "area" && points.length) {
      const base = this.y(0);
      svg.append(draw("path", { d: `${path}L${this.x(points[points.length - 1][0])} ${base}L${this.x(points[0][0])} ${base}Z`, paint: { fill: series.color, fillOpacity: 0.18 } }));
    }
    svg.append(draw("path", { class: "line", d: path, paint: { stroke: series.color } }));
    if (points.length <= 24) for (const [x, y] of points) svg.append(draw("circle", { cx: this.x(x), cy: this.y(y), r: 3, paint: { fill: series.color } }));
  }

  // The values at the place nearest to the pointer.
  follow(event) {
    if (!this.x || !this.cursor) return;
    const box = this.plot.getBoundingClientRect();
    const at = event.clientX - box.left;
    let nearest = null;
    for (const series of this.series) {
      if (!series.shown) continue;
      for (const point of series.points) {
        const distance = Math.abs(this.x(point[0]) - at);
        if (!nearest || distance < nearest.distance) nearest = { distance, x: point[0] };
      }
    }
    if (!nearest) return;
    const { h } = this.core;
    const rows = this.series.filter((series) => series.shown).flatMap((series) => {
      const point = series.points.find((candidate) => candidate[0] === nearest.x);
      if (!point) return [];
      const mark = h("i");
      mark.style.background = series.color;
      return [h("div", null, mark, `${series.name}: ${point[1]}`)];
    });
    this.readout.replaceChildren(h("b", null, String(nearest.x)), ...rows);
    this.readout.hidden = false;
    const x = this.x(nearest.x);
    const isRight = x > box.width / 2;
    this.readout.style.left = isRight ? "auto" : `${x + 12}px`;
    this.readout.style.right = isRight ? `${box.width - x + 12}px` : "auto";
    for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, x);
    this.cursor.setAttribute("visibility", "visible");
  }

  leave() {
    this.readout.hidden = true;
    this.cursor?.setAttribute("visibility", "hidden");
  }
}

export function render(core, spec, element) {
  if (!hasStyles) { core.addStyleSheet(styles); hasStyles = true; }
  new Chart(core, spec, element);
}
