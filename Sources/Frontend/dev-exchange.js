import { config, core, session } from "./dev-config.js";
import { currentPlace } from "./dev-return.js";

const patience = 2500;          // milliseconds; a replay takes two seconds at most
const silence = 500;            // milliseconds until a screen reader hears of output again

// A session of newer code takes the place of the one that the page shows, without a reload: it is asked for everything that it has to
// show, and when all of that is here the page changes in one step. Where a new page would be another one, nothing is exchanged.
export class Exchange {
  // `arrived`: called with the place where the visitor was, before the new session is shown; `failed`: only a reload helps.
  constructor(arrived, failed) {
    this.arrived = arrived;
    this.failed = failed;
    this.previews = [];
  }

  // Whether the page may stay: it is one of ours, shows a session that can be replayed, and no JavaScript of the app has changed it.
  get isPossible() {
    const before = session();
    if (!before?.leave || !config.shell || before.id === "NEW" || before.state === "elsewhere") return false;
    const query = new URLSearchParams(location.search);
    return !core().live.isScripted && !query.has("pywebio_api") && !document.fullscreenElement;
  }

  get isRunning() { return Boolean(this.next) && this.hasBegun; }

  // A build is about to serve. The way to it is opened now and waits at the gateway; the old session goes on meanwhile.
  prepare(generation) {
    if (this.next ? this.hasBegun || this.generation === generation : !this.isPossible) return;
    this.open(generation);
  }

  // Nothing comes of what was prepared.
  forget() { if (!this.hasBegun) this.stop(); }

  open(generation) {
    this.stop();
    const before = session();
    const next = new before.constructor(before.config, { commands: (list) => this.receive(next, list), state: (state) => this.entered(next, state), progress() {} });
    this.next = next;
    this.generation = generation;
    this.hasBegun = false;
    this.report = null;
    this.commands = [];
    this.previews = [];
    next.transport = before.transport;
    next.next = before.next;
    const address = next.address.bind(next);
    // Until it has begun there is nothing to come back to.
    next.address = () => `${address()}&generation=${generation}`;
    next.join(before.id);
  }

  // Once more while one is under way: the newer code is what counts.
  begin(generation) {
    if (!this.next || this.hasBegun || this.generation !== generation || this.next.id !== session().id) this.open(generation);
    this.hasBegun = true;
    // What is answered now would reach code that is about to end.
    session().leave();
    this.timer = setTimeout(() => this.isLate(), patience);
    if (this.report) this.judge();
  }

  stop() {
    clearTimeout(this.timer);
    this.next?.leave();
    this.next = null;
  }

  // A lost link comes back by itself, and with it the rest.
  entered(next, state) {
    if (next !== this.next) return;
    if (!this.hasBegun && state !== "open") this.stop();
    else if (state === "gone" || state === "elsewhere") this.giveUp();
  }

  receive(next, list) {
    if (next !== this.next) return;
    this.commands.push(...list);
    this.report ??= list.find((command) => command.command === "replayed");
    if (this.report && this.hasBegun) this.judge();
  }

  judge() {
    if (this.report.spec.shell === config.shell) this.finish();
    else this.giveUp();
  }

  // Without a journal nothing says how much there is to come.
  isLate() {
    if (this.next.state === "open") this.giveUp();
    else this.timer = setTimeout(() => this.isLate(), patience);
  }

  giveUp() {
    this.stop();
    this.failed();
  }

  // Previews of the session that is on its way.
  preview(commands) { this.previews.push(...commands); }

  finish() {
    clearTimeout(this.timer);
    const { next, commands, previews } = this;
    this.next = null;
    delete next.address;
    const place = currentPlace();
    this.hush();
    // A list that hangs from a field goes with its field's focus.
    document.activeElement?.blur();
    this.arrived(place);
    core().take(next, commands);
    previews.forEach((command) => core().run(command));
    for (const picture of document.images) picture.decoding = "sync";
    // Nothing is new to the visitor that would have to come in gently.
    for (const animation of document.getAnimations()) {
      if (animation.constructor === Animation && Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
    }
  }

  // What is on the page was read out when it came.
  hush() {
    clearTimeout(this.silence);
    const output = document.getElementById("pywebio-scope-ROOT");
    output.setAttribute("aria-live", "off");
    this.silence = setTimeout(() => output.setAttribute("aria-live", "polite"), silence);
  }
}
