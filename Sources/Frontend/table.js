// Tables of plain cells; a cell is a text or any spec. The first row is the header.
import { focusableIfScrollable, h } from "./dom.js";
import { say } from "./i18n.js";
import { renderSpec } from "./output.js";

function fillCell(cell, content) {
  if (content !== null && typeof content === "object") cell.append(renderSpec(content));
  else cell.textContent = content === null || content === undefined ? "" : String(content);
  // Numbers line up at their last digit.
  if (typeof content === "number" || (typeof content === "string" && /^[-+]?[\d.,]+\s?%?$/.test(content))) cell.classList.add("w-number");
}

function table(spec) {
  const head = h("thead");
  const body = h("tbody");
  spec.data.forEach((row, r) => {
    const line = h("tr");
    row.forEach((content, c) => {
      const span = spec.span?.[`${r},${c}`];
      const cell = h(r === 0 ? "th" : "td", {
        scope: r === 0 ? "col" : null, rowspan: span && span.row > 1 ? span.row : null, colspan: span && span.col > 1 ? span.col : null,
      });
      fillCell(cell, content);
      line.append(cell);
    });
    (r === 0 ? head : body).append(line);
  });
  // A header cell that reaches into the body (span) needs one row group, or the browser cuts it off.
  const reaches = Object.entries(spec.span || {}).some(([at, span]) => at.startsWith("0,") && span.row > 1);
  const element = reaches ? h("table", null, h("tbody", { class: "w-headed" }, [...head.children], [...body.children])) : h("table", null, head, body);
  return focusableIfScrollable(h("div", { class: "w-table", role: "region", "aria-label": spec.label || say("table") }, element));
}

export const tableWidgets = { table };
