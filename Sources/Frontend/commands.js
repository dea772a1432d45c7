// The commands of the server, in order and in slices: a queue is worked off for at most eight milliseconds a frame, so that twenty
// thousand outputs in one go leave the tab responsive.

import { live } from "./state.js";

const sliceMilliseconds = 8;
// What a frame adds must also be laid out in it, which no clock here sees.
const sliceCommands = 1000;

export class CommandQueue {
  constructor(handlers, finished) {
    this.handlers = handlers;
    this.finished = finished;
    this.queue = [];
    this.next = 0;
    this.lastNumber = 0;
    this.scheduled = false;
    this.lastSlice = 0;
    this.channel = new MessageChannel();
    this.channel.port1.onmessage = () => this.runSlice();
    document.addEventListener("visibilitychange", () => { if (document.hidden && this.scheduled) this.channel.port2.postMessage(null); });
  }

  get isLong() { return this.isInOneGo || this.queue.length - this.next > 40; }

  // Commands and the number of the last one among them.
  add(commands, number) {
    for (const command of commands) this.queue.push(command);
    this.lastNumber = number;
    if (this.scheduled) return;
    // The first command after a pause is not kept waiting for the next frame.
    if (performance.now() - this.lastSlice > 16) this.runSlice();
    else this.schedule();
  }

  // What waits is not carried out any more, and these are, before the next frame.
  replace(commands) {
    this.queue = [];
    this.next = 0;
    this.isInOneGo = true;
    for (const command of commands) this.run(command);
    this.isInOneGo = false;
  }

  schedule() {
    this.scheduled = true;
    // Frames do not come while the tab is hidden; messages do.
    if (document.hidden) this.channel.port2.postMessage(null);
    else requestAnimationFrame(() => this.runSlice());
  }

  runSlice() {
    this.scheduled = false;
    if (this.next >= this.queue.length) { this.finished(this.lastNumber); return; }
    const end = performance.now() + sliceMilliseconds;
    const stop = Math.min(this.queue.length, this.next + sliceCommands);
    do {
      this.run(this.queue[this.next]);
      this.next += 1;
    } while (this.next < stop && performance.now() < end);
    this.lastSlice = performance.now();
    const left = this.queue.length - this.next;
    if (left > 0) this.schedule();
    else { this.queue = []; this.next = 0; }
    // What a replay leaves out has numbers too, so those of the waiting commands cannot be counted back from the last.
    this.finished(left > 0 ? (this.queue[this.next].number ?? this.lastNumber - left + 1) - 1 : this.lastNumber);
  }

  run(command) {
    const handler = this.handlers[command.command];
    if (!handler) { console.warn(`WebIO: this page does not know the command “${command.command}”.`); return; }
    live.running = command.number || 0;
    // One bad command must not stop those behind it.
    try { handler(command.spec, command.task_id || "", command.number); } catch (error) { console.error(`WebIO: ${command.command} failed`, error, command); }
  }
}
