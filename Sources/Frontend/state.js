// What the parts of the page share: the configuration, the settings of `set_env`, and the live session.

export const pageConfig = { app: "index", base: "./", transport: "ws", version: "", dev: false, theme: "auto" };

export const settings = {
  animate: true,
  autoScroll: false,
  focusInput: true,
  pullInterval: 1000,
};

// The transport, once main.js has made it; `send(event, task, data)` is all that widgets need of it.
// `running` is the number of the command that is being carried out. `isScripted`: JavaScript of the app has run in this page.
export const live = { session: null, ended: false, running: 0, isScripted: false };

// What lazily loaded parts get of the core; main.js fills it.
export const partCore = {};

export function readConfig() {
  const element = document.getElementById("webio-config");
  if (element) Object.assign(pageConfig, JSON.parse(element.textContent));
  const app = new URLSearchParams(location.search).get("app");
  if (app) pageConfig.app = app;
  return pageConfig;
}

// `form` is the number of the command that brought the form which the event is about.
export function sendEvent(event, task, data, files, form) {
  if (live.session) live.session.send({ event, task_id: task, data, form }, files);
}

// The task function's own callbacks: a click on a button, a toast, an element.
export function sendCallback(callback, data) {
  if (callback) sendEvent("callback", callback, data === undefined ? null : data);
}

// A part that hello does not need, fetched when first used. `core` is handed to it, because it may not import the joined core.
const loadedParts = new Map();
export function loadPart(name) {
  if (!loadedParts.has(name)) {
    const url = new URL(`${name}.js`, new URL(pageConfig.base, location.href));
    if (pageConfig.version) url.searchParams.set("v", pageConfig.version);
    const part = import(url.href);
    // A failed download may succeed later.
    part.catch(() => loadedParts.delete(name));
    loadedParts.set(name, part);
  }
  return loadedParts.get(name);
}
