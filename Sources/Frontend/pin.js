// Pins: fields that stay in the output. The server asks for their values, changes them, waits for a change or is called at each.
import { h } from "./dom.js";
import { makeField } from "./fields.js";
import { say } from "./i18n.js";
import { live, sendEvent } from "./state.js";
import { keepDraft, restoreDraft } from "./draft.js";

const draftOwner = "pins";
const pins = new Map();          // name -> field
const changeHooks = new Map();   // name -> callback ids, in order
const changeWaits = new Set();   // { names, settle }

function pinChanged(field) {
  keepDraft(draftOwner, field);
  const files = field.files();
  const value = field.value();
  for (const wait of [...changeWaits]) if (wait.names.includes(field.name)) wait.settle(field, value, files);
  for (const callback of changeHooks.get(field.name) || []) {
    sendEvent("callback", callback, { value }, files.map(({ file }) => ({ file, name: "value" })));
  }
}

function pin(spec) {
  const old = pins.get(spec.input.name);
  if (old && old.root.isConnected) old.root.replaceWith(h("p", { class: "w-note" }, say("duplicated_pin_name")));
  // A pin is never sent, so nothing in it can be missing.
  const field = makeField({ ...spec.input, required: false }, { changed: pinChanged, blurred: () => {}, pressed: pinChanged });
  field.root.classList.add("w-pin");
  restoreDraft(draftOwner, field, live.running);
  // Enter in a lone field has nothing to submit.
  pins.set(spec.input.name, field);
  return field.root;
}

export const pinWidgets = { pin };

function livePin(name) {
  const field = pins.get(name);
  return field && field.root.isConnected ? field : null;
}

// `pin_value` is the form up to PyWebIO 1.8.3, `pin_values` the newer; a missing pin is null there and left out here.
export function answerPinValue(spec, task) {
  const field = livePin(spec.name);
  sendEvent("js_yield", task, field ? { value: field.value() } : null, field ? field.files().map(({ file }) => ({ file, name: "value" })) : []);
}

export function answerPinValues(spec, task) {
  const values = {};
  const files = [];
  for (const name of spec.names) {
    const field = livePin(name);
    if (!field) continue;
    values[name] = field.value();
    files.push(...field.files());
  }
  sendEvent("js_yield", task, values, files);
}

export function updatePin(spec, task, number) {
  const field = livePin(spec.name);
  if (!field) { console.warn(`WebIO: no pin ${spec.name}.`); return; }
  field.update(spec.attributes);
  restoreDraft(draftOwner, field, number);
}

export function waitForPin(spec, task) {
  const wait = {
    names: spec.names,
    timer: null,
    settle(field, value, files) {
      changeWaits.delete(wait);
      clearTimeout(wait.timer);
      sendEvent("js_yield", task, field ? { name: field.name, value } : null, (files || []).map(({ file }) => ({ file, name: "value" })));
    },
  };
  changeWaits.add(wait);
  if (spec.timeout !== null && spec.timeout !== undefined) wait.timer = setTimeout(() => wait.settle(null), spec.timeout * 1000);
}

export function dropPins() {
  for (const wait of changeWaits) clearTimeout(wait.timer);
  changeWaits.clear();
  changeHooks.clear();
  pins.clear();
}

export function hookPin(spec) {
  const hooks = spec.clear ? [] : changeHooks.get(spec.name) || [];
  if (spec.callback_id) hooks.push(spec.callback_id);
  changeHooks.set(spec.name, hooks);
}

