// What was typed but not yet sent, kept in the tab's storage for a refresh: the server replays the form, this fills it in again.
// Only for sessions that can be rejoined, never passwords or files, and gone with the form.
import { live } from "./state.js";

function draftKey() {
  const id = live.session && live.session.id;
  return id && !id.startsWith("NEW") ? `webio-draft:${id}` : null;
}

function readDrafts(key) {
  try { return JSON.parse(sessionStorage.getItem(key)) || {}; } catch { return {}; }
}

function writeDrafts(key, drafts) {
  try {
    if (Object.keys(drafts).length) sessionStorage.setItem(key, JSON.stringify(drafts));
    else sessionStorage.removeItem(key);
  } catch { /* full or forbidden: a refresh loses the draft */ }
}

export function keepDraft(form, field) {
  const key = draftKey();
  if (!key || ["password", "file", "actions"].includes(field.spec.type)) return;
  const drafts = readDrafts(key);
  drafts[form] = { ...drafts[form], [field.name]: field.value() };
  writeDrafts(key, drafts);
}

export function restoreDraft(form, fields) {
  const key = draftKey();
  const draft = key && readDrafts(key)[form];
  if (!draft) return;
  for (const field of fields) if (Object.hasOwn(draft, field.name) && draft[field.name] !== null) field.setValue(draft[field.name]);
}

export function dropDraft(form) {
  const key = draftKey();
  if (!key) return;
  const drafts = readDrafts(key);
  if (!(form in drafts)) return;
  delete drafts[form];
  writeDrafts(key, drafts);
}
