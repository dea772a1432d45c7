// JavaScript of the app: `runJS`, `evalJS`, and the scripts inside trusted HTML.
import { addStyle, pageNonce } from "./dom.js";
import { markupName } from "./sanitize.js";
import { live, sendEvent } from "./state.js";

// Compiled in the global scope with the given names as parameters; the value is that of the last expression.
function evaluate(code, args) {
  live.isScripted = true;
  const names = Object.keys(args || {});
  // Function is the one way to give code local variables by name; the policy's 'unsafe-eval' is there for this line.
  const run = new Function("webioCode", ...names, "return eval(webioCode)");
  return run(code, ...names.map((name) => args[name]));
}

export function runScript(spec, task) {
  if (!spec.eval) {
    try { evaluate(spec.code, spec.args); } catch (error) { console.error("runJS:", error); }
    return;
  }
  const answer = (value) => sendEvent("js_yield", task, value === undefined ? null : value);
  let value = null;
  try { value = evaluate(spec.code, spec.args); } catch (error) { console.error("evalJS:", error); }
  Promise.resolve(value).then(answer, (error) => { console.error("evalJS:", error); answer(null); });
}

// Makes trusted markup work under a policy that forbids everything inline: scripts and style sheets get the page's nonce, handler
// attributes and javascript: links become listeners, style attributes become style properties. Call it before inserting.
export function reviveMarkup(fragment) {
  const nonce = pageNonce();
  reviveScripts([...fragment.querySelectorAll("script")], nonce);
  for (const sheet of fragment.querySelectorAll("style")) sheet.nonce = nonce;
  for (const element of fragment.querySelectorAll("*")) {
    for (const { name: written, value } of [...element.attributes]) {
      const name = markupName(written);
      if (name === "style") {
        element.removeAttribute(written);
        addStyle(element, value);
      } else if (name.startsWith("on")) {
        element.removeAttribute(written);
        listenWith(element, name.slice(2), value);
      } else if (name === "href" && /^\s*javascript:/i.test(value)) {
        element.setAttribute("href", "#");
        const code = decodeURIComponentSafely(value.replace(/^\s*javascript:/i, ""));
        element.addEventListener("click", (event) => { event.preventDefault(); evaluate(code, {}); });
      }
    }
  }
}

function liveScript(dead, nonce) {
  const script = document.createElement("script");
  for (const { name, value } of dead.attributes) if (name !== "nonce") script.setAttribute(name, value);
  script.nonce = nonce;
  script.textContent = dead.textContent;
  return script;
}

// Scripts run in order: what follows one with a `src` waits until that is there, as in a page that is parsed.
function reviveScripts(deadScripts, nonce) {
  if (deadScripts.length) live.isScripted = true;
  let turn = null;
  for (const dead of deadScripts) {
    const script = liveScript(dead, nonce);
    const isAwaited = script.src && !dead.hasAttribute("async") && !dead.hasAttribute("defer");
    const loaded = isAwaited ? new Promise((resolve) => { script.onload = resolve; script.onerror = resolve; }) : null;
    if (turn) turn = turn.then(() => { dead.replaceWith(script); return loaded; });
    else {
      dead.replaceWith(script);
      turn = loaded;
    }
  }
}

function listenWith(element, type, code) {
  live.isScripted = true;
  const handler = new Function("event", code);
  element.addEventListener(type, (event) => { if (handler.call(element, event) === false) event.preventDefault(); });
}

function decodeURIComponentSafely(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}
