// What the visitor sees of the connection: nothing while it holds, a small pill while it is lost, a note when the session is over.
import { byId, h } from "./dom.js";
import { say } from "./i18n.js";
import { live } from "./state.js";
import { closeForms } from "./input.js";
import { showToast } from "./toast.js";

let pill = null;
let pillTimer = null;

function showPill(word, isGood) {
  if (!pill) {
    pill = h("div", { class: "w-status", role: "status" });
    document.body.append(pill);
  }
  pill.classList.toggle("w-good", isGood);
  pill.replaceChildren(h("span", { class: "w-dot" }), say(word));
}

function hidePill() {
  clearTimeout(pillTimer);
  if (pill) pill.remove();
  pill = null;
}

function note(word, hint, button) {
  const place = byId("webio-note");
  place.replaceChildren(h("p", null, h("strong", null, say(word)), hint ? ` ${say(hint)}` : null), button || "");
  place.hidden = false;
}

function startAgain() {
  // A plain reload would count as one; the session id is forgotten, so this begins a new session.
  location.reload();
}

function endWith(word, hint, button) {
  live.ended = true;
  hidePill();
  closeForms();
  document.body.classList.add("w-over");
  // The page stays readable and selectable, but nothing in it pretends to work.
  for (const control of byId("output-container").querySelectorAll("button:not(.w-copy, .w-close, [role=tab]), .w-pin :is(input, select, textarea)")) control.disabled = true;
  note(word, hint, button);
}

// The page has a session again.
export function dropState() {
  live.ended = false;
  hidePill();
  document.body.classList.remove("w-over");
  byId("webio-note").hidden = true;
}

export function showState(state) {
  clearTimeout(pillTimer);
  const again = () => h("button", { type: "button", class: "w-button", "data-color": "primary", onclick: startAgain }, say("start_again"));
  switch (state) {
    case "open":
      byId("pywebio-loading")?.remove();
      if (pill) { showPill("reconnected", true); pillTimer = setTimeout(hidePill, 1500); }
      break;
    case "lost": {
      // A blip shorter than this is nobody's business.
      const word = byId("pywebio-loading") ? "connect_fail" : "reconnecting";
      pillTimer = setTimeout(() => showPill(word, false), pill ? 0 : 700);
      break;
    }
    case "ended": endWith("session_ended"); break;
    case "gone": endWith("session_lost", "session_lost_hint", again()); break;
    case "elsewhere":
      endWith("session_elsewhere", null, h("button", { type: "button", class: "w-button", "data-color": "primary", onclick: () => location.reload() }, say("use_here")));
      break;
    case "refusing": showToast({ content: say("disconnected_with_server"), color: "warning", duration: 4000 }); break;
    default:
  }
}
