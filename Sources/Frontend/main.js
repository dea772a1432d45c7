// Puts the page together: configuration, words, widgets, commands, session.
import { overridableWords, say, useLanguage } from "./i18n.js";
import { addStyleSheet, addStyle, byId, h, icon, readableSize, setAttributes, uniqueId } from "./dom.js";
import { live, loadPart, pageConfig, partCore, readConfig, sendCallback, sendEvent, settings } from "./state.js";
import { binaryFrame } from "./outbox.js";
import { WebSocketSession } from "./session.js";
import { CommandQueue } from "./commands.js";
import { addWidgets, dropHandles, lazyWidget, renderContents, renderSpec } from "./output.js";
import { controlOutput, flood, showOutput } from "./scope.js";
import { errorCard, openApp, saveFile, textWidgets } from "./text.js";
import { commandButton, layoutWidgets } from "./layout.js";
import { tableWidgets } from "./table.js";
import { progressWidgets, updateLogbox, updateProgress } from "./progress.js";
import { addFieldKinds } from "./fields.js";
import { textFields } from "./fields-text.js";
import { choiceFields } from "./fields-choice.js";
import { fileFields } from "./fields-file.js";
import { closeForms, destroyForm, fitPanel, openForm, showUpload, updateForm } from "./input.js";
import { answerPinValue, answerPinValues, dropPins, hookPin, pinWidgets, updatePin, waitForPin } from "./pin.js";
import { closePopup, showPopup } from "./popup.js";
import { dropToasts, showToast } from "./toast.js";
import { expectNothing, watchReader } from "./reveal.js";
import { restoreEnvironment, setEnvironment } from "./env.js";
import { reviveMarkup, runScript } from "./script.js";
import { sanitizedFragment, trustedFragment } from "./sanitize.js";
import { dropState, showState } from "./status.js";

const commandHandlers = {
  input: openForm,
  input_group: openForm,
  update_input: updateForm,
  destroy_form: destroyForm,
  output: showOutput,
  output_ctl: controlOutput,
  pin_value: answerPinValue,
  pin_values: answerPinValues,
  pin_update: updatePin,
  pin_wait: waitForPin,
  pin_onchange: hookPin,
  popup: showPopup,
  close_popup: closePopup,
  toast: showToast,
  set_env: setEnvironment,
  run_script: runScript,
  download: (spec) => saveFile(spec.name, spec.content),
  progressbar: updateProgress,
  logbox: updateLogbox,
  datatable: (spec) => loadPart("datatable").then((module) => module.update(partCore, spec)),
  task_error: (spec) => {
    const card = errorCard(spec);
    byId("pywebio-scope-ROOT").append(card);
    dispatchEvent(new CustomEvent("webio:task_error", { detail: card }));
  },
  close_session: () => live.session.end(),
  replayed: (spec) => dispatchEvent(new CustomEvent("webio:replayed", { detail: spec })),
};

function registerParts() {
  addWidgets(textWidgets);
  addWidgets(layoutWidgets);
  addWidgets(tableWidgets);
  addWidgets(progressWidgets);
  addWidgets(pinWidgets);
  addWidgets({
    custom_widget: lazyWidget("widget", () => ""),
    chart: lazyWidget("chart", (spec) => `${spec.height || 320}px`),
    datatable: lazyWidget("datatable", (spec) => (typeof spec.height === "number" ? `${spec.height}px` : spec.height || "600px")),
  });
  addFieldKinds(textFields);
  addFieldKinds(choiceFields);
  addFieldKinds(fileFields);
  Object.assign(partCore, {
    h, icon, say, addStyle, addStyleSheet, setAttributes, uniqueId, readableSize, renderSpec, renderContents, sendCallback, sendEvent,
    commandButton, settings, loadPart, sanitizedFragment, trustedFragment, reviveMarkup, binaryFrame, config: pageConfig,
  });
}

// All that a session has left in the page.
function dropSession() {
  closePopup();
  closeForms();
  live.session.leave();
  byId("pywebio-scope-ROOT").replaceChildren();
  for (const drop of [dropPins, dropHandles, dropToasts, dropState, expectNothing, restoreEnvironment]) drop();
}

// `webio dev` gives the page another session, with what that has to show until now: one step, without a frame between.
function takeSession(session, commands, queue) {
  dropSession();
  live.session = session;
  session.hooks = sessionHooks(queue);
  showState(session.state);
  queue.replace(commands);
  session.handled(session.received);
}

function sessionHooks(queue) {
  return { commands: (list, number) => queue.add(list, number), state: showState, progress: showUpload };
}

// What PyWebIO apps find in the page's global scope.
function exposeGlobals(queue) {
  window.WebIO = {
    openApp,
    pushData: (data, callback) => sendCallback(callback, data),
    message_tpl: overridableWords(),
    _state: { get CurrentSession() { return live.session; }, settings, live, run: (command) => queue.run(command), take: (session, commands) => takeSession(session, commands, queue) },
  };
}

async function startPage() {
  readConfig();
  registerParts();
  const wait = useLanguage(navigator.language, pageConfig);
  if (wait) await wait;
  byId("pywebio-loading")?.setAttribute("aria-label", say("loading"));
  const queue = new CommandQueue(commandHandlers, (number) => live.session.handled(number));
  exposeGlobals(queue);
  flood.isOn = () => queue.isLong;
  live.session = new WebSocketSession(pageConfig, sessionHooks(queue));
  watchReader();
  addEventListener("resize", fitPanel);
  new ResizeObserver(fitPanel).observe(byId("input-cards"));
  live.session.start();
}

startPage();
