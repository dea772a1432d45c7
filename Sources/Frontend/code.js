// Code blocks: a copy button at once, colours when the highlighter has come.
import { focusableIfScrollable, h, icon } from "./dom.js";
import { say } from "./i18n.js";
import { loadPart } from "./state.js";

function copyText(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  // On plain http (an app on the local network) there is no clipboard interface; the old way still works.
  const area = h("textarea", { class: "w-offscreen" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  return Promise.resolve();
}

// Wraps a <pre><code> that is not yet in the page.
export function decorateCode(pre) {
  const code = pre.querySelector("code") || pre;
  const button = h("button", { type: "button", class: "w-copy", "aria-label": say("copy"), title: say("copy") }, icon("copy"));
  button.addEventListener("click", () => {
    copyText(code.textContent).then(() => {
      button.replaceChildren(icon("check"));
      button.setAttribute("aria-label", say("copied"));
      setTimeout(() => { button.replaceChildren(icon("copy")); button.setAttribute("aria-label", say("copy")); }, 1600);
    });
  });
  const box = h("div", { class: "w-code" });
  pre.replaceWith(box);
  focusableIfScrollable(pre);
  box.append(pre, button);
  const language = /\blanguage-([\w+#-]+)/.exec(code.className);
  if (language) loadPart("highlight").then((module) => module.highlight(code, language[1].toLowerCase())).catch(() => {});
  return box;
}

export function codeBlock(spec) {
  const code = h("code", { class: spec.language ? `language-${spec.language}` : null }, spec.content);
  const parent = h("div", null, h("pre", null, code));
  const box = decorateCode(parent.firstChild);
  // So many lines are shown; the rest is scrolled to.
  if (spec.rows) box.style.maxHeight = `calc(${spec.rows} * 1.6em + 2rem)`;
  return box;
}
