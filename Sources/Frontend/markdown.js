// Markdown to HTML text: the blocks of markdown-blocks.js written out, their text by markdown-inline.js.
// The HTML still has to pass the sanitizer; this file only promises CommonMark.
import { renderInline } from "./markdown-inline.js";
import { escapeHTML, unescapeText } from "./markdown-words.js";
import { lastLine, parseBlocks } from "./markdown-blocks.js";

function isLoose(list) {
  const gapBetween = (blocks) => blocks.some((block, i) => i > 0 && block.start - lastLine(blocks[i - 1]) > 1);
  return gapBetween(list.children) || list.children.some((item) => gapBetween(item.children));
}

function listHTML(block, context) {
  const tag = block.ordered ? "ol" : "ul";
  const start = block.ordered && block.first !== 1 ? ` start="${block.first}"` : "";
  const loose = isLoose(block);
  return `<${tag}${start}>\n${block.children.map((item) => itemHTML(item, loose, context)).join("")}</${tag}>\n`;
}

function itemHTML(item, loose, context) {
  let html = "";
  let task = null;
  const first = item.children[0];
  if (context.options.tasks && first && first.type === "paragraph") {
    task = /^\[([ xX])\][ \t\n]/.exec(first.text);
    if (task) first.text = first.text.slice(4);
  }
  const box = task ? `<input type="checkbox" disabled=""${task[1] === " " ? "" : " checked=\"\""} /> ` : "";
  for (const child of item.children) {
    if (child.type === "nothing") continue;
    const mark = child === first ? box : "";
    if (child.type === "paragraph" && !loose) html += mark + renderInline(child.text.trim(), context);
    else {
      if (html === "" || !html.endsWith("\n")) html += "\n";
      html += child === first && task ? `<p>${mark}${renderInline(child.text.trim(), context)}</p>\n` : blockHTML(child, context);
    }
  }
  return `<li${task ? " class=\"task\"" : ""}>${html}</li>\n`;
}

function tableHTML(block, context) {
  const cell = (tag, text, column) => {
    const align = block.align[column] ? ` style="text-align: ${block.align[column]}"` : "";
    return `<${tag}${align}>${renderInline(text, context)}</${tag}>\n`;
  };
  const row = (cells, tag) => `<tr>\n${block.align.map((_, column) => cell(tag, cells[column] ?? "", column)).join("")}</tr>\n`;
  const body = block.rows.length ? `<tbody>\n${block.rows.map((cells) => row(cells, "td")).join("")}</tbody>\n` : "";
  return `<table>\n<thead>\n${row(block.header, "th")}</thead>\n${body}</table>\n`;
}

function blockHTML(block, context) {
  switch (block.type) {
    case "paragraph": return `<p>${renderInline(block.text.trim(), context)}</p>\n`;
    case "heading": return `<h${block.level}>${renderInline(block.text.trim(), context)}</h${block.level}>\n`;
    case "rule": return "<hr />\n";
    case "quote": return `<blockquote>\n${block.children.map((child) => blockHTML(child, context)).join("")}</blockquote>\n`;
    case "list": return listHTML(block, context);
    case "html": return block.text.endsWith("\n") ? block.text.replace(/\n+$/, "\n") : `${block.text}\n`;
    case "table": return tableHTML(block, context);
    case "code": {
      const language = unescapeText(block.info, context.resolve).split(/\s/)[0];
      return `<pre><code${language ? ` class="language-${escapeHTML(language)}"` : ""}>${escapeHTML(block.text)}</code></pre>\n`;
    }
    default: return "";
  }
}

// Options: breaks (a line break is kept), tables, strikethrough, tasks, autolinks. `resolve` maps a named character reference
// such as "&copy;" to its text, or null.
export function markdownToHTML(text, resolve, options) {
  const { root, references } = parseBlocks(text, options);
  const context = { references, resolve, options };
  return root.children.map((block) => blockHTML(block, context)).join("");
}

export const plainCommonMark = { breaks: false, tables: false, strikethrough: false, tasks: false, autolinks: false };
export const fullMarkdown = { breaks: true, tables: true, strikethrough: true, tasks: true, autolinks: true };
