// What was typed or chosen but not yet sent, kept in the tab's storage for a refresh: the server replays forms and pins, this fills
// them in again. Each value has the number of the last command that the visitor saw when it was made: what the server set before
// that, the visitor has overruled; what it sets later counts. Passwords are never written down and chosen files cannot be: as long as the
// page stays it has them, and after a refresh it knows that there was something, so that it can ask for it again.
import { say } from "./i18n.js";
import { live } from "./state.js";

const writeAfter = 250;          // milliseconds
const prefix = "webio-draft:";

// owner (a form, or the pins) -> field name -> [value, command number, was it withheld]
let drafts = {};
let sessionId = null;
let writeTimer = null;

function openDrafts() {
  const id = live.session && live.session.id;
  if (!id || id.startsWith("NEW")) return false;
  if (id === sessionId) return true;
  sessionId = id;
  try { drafts = JSON.parse(sessionStorage.getItem(prefix + id)) || {}; } catch { drafts = {}; }
  return true;
}

function writeDrafts() {
  clearTimeout(writeTimer);
  writeTimer = null;
  if (!sessionId) return;
  try {
    if (Object.keys(drafts).length) sessionStorage.setItem(prefix + sessionId, JSON.stringify(drafts));
    else sessionStorage.removeItem(prefix + sessionId);
  } catch { /* full or forbidden: a refresh loses the drafts */ }
}

function writeSoon() {
  writeTimer ??= setTimeout(writeDrafts, writeAfter);
}

// A refresh, or a telephone that puts the page to sleep, does not wait for the timer.
addEventListener("pagehide", () => { if (writeTimer) writeDrafts(); });
document.addEventListener("visibilitychange", () => { if (document.hidden && writeTimer) writeDrafts(); });

function isWithheld({ type }) { return type === "password" || type === "file"; }

export function keepDraft(owner, field) {
  if (!openDrafts()) return;
  const own = (drafts[owner] ??= {});
  const hasSomething = field.files().length > 0 || field.spec.type === "password" && field.value() !== "";
  if (!isWithheld(field.spec)) own[field.name] = [field.value(), live.session.processed ?? 0];
  else if (hasSomething) {
    // JSON leaves out what an array has beside its elements.
    own[field.name] = Object.assign([null, live.session.processed ?? 0, true], { held: field.control.files ?? field.value() });
  }
  else delete own[field.name];
  writeSoon();
}

// Called when a field was made, and after a command changed it. `number` is that command's.
export function restoreDraft(owner, field, number) {
  const draft = openDrafts() && drafts[owner]?.[field.name];
  if (!draft || !(number <= draft[1])) return;
  if (draft[2]) {
    const isFile = field.spec.type === "file";
    if (draft.held !== undefined) {
      if (isFile) field.setFiles(draft.held);
      else field.setValue(draft.held);
      return;
    }
    if (!isFile) field.setValue("");
    if (field.files().length === 0) field.setStatus(null, say(isFile ? "choose_again" : "enter_again"));
    return;
  }
  field.setValue(draft[0]);
  if (field.status === false) field.setStatus(null);
}

export function dropDraft(owner) {
  if (!openDrafts() || !(owner in drafts)) return;
  delete drafts[owner];
  writeSoon();
}

// The session is over, or this tab has begun another one.
export function dropDraftsOf(id) {
  if (id === sessionId) { drafts = {}; clearTimeout(writeTimer); writeTimer = null; }
  try { sessionStorage.removeItem(prefix + id); } catch { /* nothing was stored */ }
}
