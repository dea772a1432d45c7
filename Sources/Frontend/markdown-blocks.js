// The block half of the Markdown renderer: lines in, a tree of blocks out, by CommonMark 0.31's two steps (containers that continue,
// then new starts), plus tables. Blocks remember their lines, because whether a list is loose is a question of the gaps between lines.
import { normalizeLabel, readLabel, readTarget, readTitle } from "./markdown-words.js";

const thematicBreak = /^(?:\*[ \t]*){3,}$|^(?:_[ \t]*){3,}$|^(?:-[ \t]*){3,}$/;
const atxHeading = /^(#{1,6})(?:[ \t]+|$)/;
const fenceStart = /^(`{3,})([^`]*)$|^(~{3,})(.*)$/;
const setextLine = /^(?:=+|-+)[ \t]*$/;
const listMarker = /^(?:([-+*])|(\d{1,9})([.)]))(?=[ \t]|$)/;
const tableRule = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const htmlBlockNames = "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|" +
  "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|" +
  "ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul";
const htmlStarts = [
  /^<(?:script|pre|style|textarea)(?:\s|>|$)/i, /^<!--/, /^<\?/, /^<![A-Za-z]/, /^<!\[CDATA\[/,
  new RegExp(`^</?(?:${htmlBlockNames})(?:\\s|/?>|$)`, "i"),
  /^(?:<[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*\s*\/?>|<\/[A-Za-z][A-Za-z0-9-]*\s*>)[ \t]*$/,
];
const htmlEnds = [/<\/(?:script|pre|style|textarea)>/i, /-->/, /\?>/, />/, /\]\]>/];

// A line being read: white space is counted in columns, because a tab reaches to the next multiple of four and may be used in part.
class LineReader {
  constructor(text) { this.text = text; this.at = 0; this.column = 0; this.spare = 0; }

  get indent() {
    let column = this.column + this.spare;
    let i = this.at;
    for (; this.text[i] === " " || this.text[i] === "\t"; i += 1) column += this.text[i] === " " ? 1 : 4 - (column % 4);
    this.contentAt = i;
    return column - this.column;
  }

  get isBlank() { return this.indent >= 0 && this.contentAt >= this.text.length; }
  get content() { return this.indent >= 0 ? this.text.slice(this.contentAt) : ""; }
  get rest() { return " ".repeat(this.spare) + this.text.slice(this.at); }

  takeColumns(columns) {
    let left = columns;
    while (left > 0) {
      if (this.spare > 0) {
        const used = Math.min(this.spare, left);
        this.spare -= used; this.column += used; left -= used;
      } else if (this.text[this.at] === " ") { this.at += 1; this.column += 1; left -= 1; }
      else if (this.text[this.at] === "\t") { this.at += 1; this.spare = 4 - (this.column % 4); }
      else return;
    }
  }

  takeCharacters(count) { this.takeColumns(this.indent); this.at += count; this.column += count; }
}

class BlockParser {
  constructor(options) {
    this.options = options;
    this.root = { type: "document", children: [], end: 0 };
    this.open = [this.root];
    this.references = new Map();
    this.lineNumber = 0;
  }

  get tip() { return this.open[this.open.length - 1]; }

  add(type, fields) {
    while (!this.accepts(this.tip, type)) this.closeTip();
    const block = { type, children: [], start: this.lineNumber, end: this.lineNumber, ...fields };
    this.tip.children.push(block);
    this.open.push(block);
    return block;
  }

  accepts(parent, type) {
    if (parent.type === "list") return type === "item";
    return type !== "item" && (parent.type === "document" || parent.type === "quote" || parent.type === "item");
  }

  closeTip() {
    const block = this.open.pop();
    if (block.type === "paragraph") this.takeReferences(block);
    if (block.type === "code" && !block.fence) block.text = block.text.replace(/(?:\n[ \t]*)+$/, "\n");
  }

  closeDownTo(depth) { while (this.open.length > depth) this.closeTip(); }

  // Does this open block go on in this line? Consumes what belongs to the block.
  continues(block, line) {
    switch (block.type) {
      case "quote":
        if (line.indent > 3 || line.content[0] !== ">") return false;
        line.takeCharacters(1);
        if (line.indent > 0) line.takeColumns(1);
        block.end = this.lineNumber;
        return true;
      case "item":
        if (line.isBlank) return block.children.length > 0;
        if (line.indent < block.offset) return false;
        line.takeColumns(block.offset);
        return true;
      case "code":
        if (!block.fence) {
          if (line.indent < 4 && !line.isBlank) return false;
          line.takeColumns(4);
          return true;
        }
        if (line.indent <= 3 && line.content.replace(/[ \t]+$/, "").length >= block.fence.length &&
            line.content.replace(/[ \t]+$/, "").split("").every((c) => c === block.fence[0])) return "end";
        line.takeColumns(Math.min(block.indent, line.indent));
        return true;
      case "html": return !(block.kind >= 5 && line.isBlank);
      case "paragraph": case "table": return !line.isBlank;
      default: return block.type === "list" || block.type === "document";
    }
  }

  addLine(text) {
    this.lineNumber += 1;
    const line = new LineReader(text);
    let depth = 1;
    while (depth < this.open.length) {
      const goesOn = this.continues(this.open[depth], line);
      if (goesOn === "end") {
        this.open[depth].end = this.lineNumber;
        this.closeDownTo(depth);
        return;
      }
      if (!goesOn) break;
      depth += 1;
    }
    const unmatched = depth < this.open.length;
    const deepest = this.open[depth - 1];
    let started = false;
    let container = deepest;
    if (deepest.type !== "code" && deepest.type !== "html") {
      for (;;) {
        const isParagraph = container.type === "paragraph" || container.type === "table";
        const start = this.startBlock(line, container, unmatched && !started, depth, started);
        if (!start) break;
        started = true;
        container = this.tip;
        if (start === "leaf" || isParagraph === "never") return;
      }
    }
    this.addText(line, depth, unmatched, started);
  }

  addText(line, depth, unmatched, started) {
    const isBlank = line.isBlank;
    if (unmatched && !started && !isBlank && this.tip.type === "paragraph") {
      this.extendParagraph(line);
      return;
    }
    if (unmatched && !started) this.closeDownTo(depth);
    const tip = this.tip;
    if (tip.type === "code" || tip.type === "html") {
      tip.text += `${line.rest}\n`;
      if (!isBlank || tip.fence || tip.type === "html") tip.end = this.lineNumber;
      if (tip.type === "html" && tip.kind < 5 && htmlEnds[tip.kind].test(line.rest)) this.closeTip();
    } else if (isBlank) {
      // A blank line ends paragraphs (they did not continue) and says the rest by the gap that it leaves in the line numbers.
    } else if (tip.type === "paragraph") this.extendParagraph(line);
    else if (tip.type === "table") { tip.rows.push(tableCells(line.content)); tip.end = this.lineNumber; }
    else this.add("paragraph", { text: line.content });
  }

  extendParagraph(line) {
    const tip = this.tip;
    tip.text += `\n${line.content}`;
    tip.end = this.lineNumber;
  }

  // Tries every kind of start at the reader's place. Returns "container", "leaf" or null.
  startBlock(line, container, unmatched, depth, started) {
    const close = () => { if (!started) this.closeDownTo(depth); };
    const inParagraph = this.tip.type === "paragraph" && !started;
    if (line.isBlank) return null;
    if (line.indent > 3) {
      // An indented chunk cannot interrupt a paragraph, lazy or not.
      if (inParagraph || container.type === "paragraph" || container.type === "table") return null;
      close();
      line.takeColumns(4);
      this.add("code", { text: `${line.rest}\n`, fence: "", info: "" });
      return "leaf";
    }
    const content = line.content;
    // Rendering recurses; nobody nests a hundred lists by hand.
    if (this.open.length > 120) return null;
    if (content[0] === ">") {
      close();
      line.takeCharacters(1);
      if (line.indent > 0) line.takeColumns(1);
      this.endTipParagraph();
      this.add("quote");
      return "container";
    }
    const heading = atxHeading.exec(content);
    if (heading) {
      close();
      this.endTipParagraph();
      const text = content.slice(heading[0].length).replace(/[ \t]+$/, "").replace(/(^|[ \t]+)#+$/, "").replace(/[ \t]+$/, "");
      this.add("heading", { level: heading[1].length, text });
      this.closeTip();
      return "leaf";
    }
    const fence = fenceStart.exec(content);
    if (fence) {
      close();
      this.endTipParagraph();
      this.add("code", { text: "", fence: fence[1] || fence[3], info: (fence[2] ?? fence[4] ?? "").trim(), indent: line.indent });
      return "leaf";
    }
    if (content[0] === "<") {
      const kind = htmlStarts.findIndex((form) => form.test(content));
      if (kind >= 0 && !(kind === 6 && (container.type === "paragraph" || (inParagraph && unmatched)))) {
        close();
        this.endTipParagraph();
        this.add("html", { kind, text: `${line.rest}\n` });
        if (kind < 5 && htmlEnds[kind].test(content)) this.closeTip();
        return "leaf";
      }
    }
    if (container.type === "paragraph" && !unmatched && setextLine.test(content)) {
      this.takeReferences(container);
      if (container.type === "paragraph") {
        container.type = "heading";
        container.level = content[0] === "=" ? 1 : 2;
        container.text = container.text.replace(/[ \t]+$/, "");
        container.end = this.lineNumber;
        this.open.pop();
        return "leaf";
      }
      this.open.pop();
    }
    if (this.options.tables && container.type === "paragraph" && !unmatched && tableRule.test(content) && this.startTable(container, content)) {
      return "leaf";
    }
    if (thematicBreak.test(content)) {
      close();
      this.endTipParagraph();
      this.add("rule");
      this.closeTip();
      return "leaf";
    }
    return this.startItem(line, container, unmatched, inParagraph, close);
  }

  endTipParagraph() {
    while (this.tip.type === "paragraph" || this.tip.type === "table") this.closeTip();
  }

  startItem(line, container, unmatched, inParagraph, close) {
    const marker = listMarker.exec(line.content);
    if (!marker) return null;
    const rest = line.content.slice(marker[0].length);
    // Only a bullet or "1." with text may interrupt a paragraph; else "14. is the number of …" would be a list.
    const interrupts = container.type === "paragraph" || (inParagraph && unmatched && container.type !== "list");
    if (interrupts && (rest.trim() === "" || (marker[2] !== undefined && Number(marker[2]) !== 1))) return null;
    const markerIndent = line.indent;
    close();
    this.endTipParagraph();
    line.takeCharacters(marker[0].length);
    const space = line.indent;
    const isEmpty = line.isBlank;
    const padding = isEmpty || space > 4 ? 1 : space;
    line.takeColumns(isEmpty ? space : padding);
    const kind = marker[1] || marker[3];
    if (this.tip.type !== "list" || this.tip.kind !== kind) {
      this.add("list", { kind, ordered: marker[2] !== undefined, first: Number(marker[2] || 1) });
    }
    this.add("item", { offset: markerIndent + marker[0].length + padding });
    return "container";
  }

  // The last line of the paragraph is the header; what stands above it stays a paragraph.
  startTable(paragraph, rule) {
    const lines = paragraph.text.split("\n");
    const header = tableCells(lines[lines.length - 1]);
    const marks = tableCells(rule);
    if (!lines[lines.length - 1].includes("|") && !rule.includes("|")) return false;
    if (header.length !== marks.length) return false;
    const align = marks.map((mark) => (mark.endsWith(":") ? (mark.startsWith(":") ? "center" : "right") : mark.startsWith(":") ? "left" : null));
    if (lines.length > 1) {
      paragraph.text = lines.slice(0, -1).join("\n");
      this.closeTip();
      this.add("table", { header, align, rows: [] });
    } else {
      Object.assign(paragraph, { type: "table", header, align, rows: [], text: "" });
    }
    this.tip.end = this.lineNumber;
    return true;
  }

  // Link reference definitions at the start of a paragraph leave it. What is left empty keeps its place, for the gaps between lines.
  takeReferences(block) {
    let text = block.text;
    while (text[0] === "[") {
      const definition = readDefinition(text);
      if (!definition) break;
      const label = normalizeLabel(definition.label);
      if (!this.references.has(label)) this.references.set(label, definition);
      text = text.slice(definition.end);
    }
    block.text = text;
    if (text.trim() === "") block.type = "nothing";
  }

  finish() {
    this.closeDownTo(1);
    return this.root;
  }
}

function readDefinition(text) {
  const label = readLabel(text, 0);
  if (!label || text[label.end] !== ":") return null;
  let at = label.end + 1 + /^[ \t]*\n?[ \t]*/.exec(text.slice(label.end + 1))[0].length;
  const target = readTarget(text, at);
  if (!target || (target.value === "" && text[at] !== "<")) return null;
  const endOfLine = /^[ \t]*(?:\n|$)/;
  at = target.end;
  const gap = /^[ \t]*\n?[ \t]*/.exec(text.slice(at))[0];
  const title = gap === "" ? null : readTitle(text, at + gap.length);
  if (title) {
    const after = endOfLine.exec(text.slice(title.end));
    if (after) return { label: label.value, address: target.value, title: title.value, end: title.end + after[0].length };
  }
  const after = endOfLine.exec(text.slice(at));
  return after ? { label: label.value, address: target.value, title: null, end: at + after[0].length } : null;
}

// The cells of a table row; an escaped bar belongs to its cell.
function tableCells(row) {
  const cells = row.trim().replace(/^\|/, "").split(/(?<!\\)\|/);
  if (cells[cells.length - 1].trim() === "" && cells.length > 1) cells.pop();
  return cells.map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

// The last line that belongs to a block or to anything inside it.
export function lastLine(block) {
  return block.children.reduce((latest, child) => Math.max(latest, lastLine(child)), block.end);
}

export function parseBlocks(text, options) {
  const parser = new BlockParser(options);
  const lines = text.replace(/\u0000/g, "\ufffd").split(/\r\n|\n|\r/);
  if (lines[lines.length - 1] === "") lines.pop();
  for (const line of lines) parser.addLine(line);
  return { root: parser.finish(), references: parser.references };
}
