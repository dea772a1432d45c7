import { post, session } from "./dev-config.js";

const placeKey = "webio:place";
const reloadNote = "webio:reloaded";

// Where the visitor is.
export function currentPlace() {
  const focused = document.activeElement;
  const named = focused?.name ? [...document.getElementsByName(focused.name)].indexOf(focused) : -1;
  const place = { x: scrollX, y: scrollY, at: Date.now(), name: named < 0 ? null : focused.name, index: named };
  if (named >= 0 && typeof focused.selectionStart === "number") place.selection = [focused.selectionStart, focused.selectionEnd];
  return place;
}

// For the page that comes next. A session that has ended is also one to come back to: its last output may be what is being worked on.
export function leavePlace() {
  const current = session();
  if (!current?.storageKey || current.webio_session_id.startsWith("NEW")) return;
  try {
    sessionStorage.setItem(current.storageKey, current.webio_session_id);
    sessionStorage.setItem(placeKey, JSON.stringify(currentPlace()));
  } catch { /* begins anew */ }
}

function takeNote(key) {
  try {
    const note = JSON.parse(sessionStorage.getItem(key) || "null");
    sessionStorage.removeItem(key);
    return note && Date.now() - note.at < 10000 ? note : null;
  } catch { return null; }
}

export class Return {
  constructor(sign) {
    this.sign = sign;
    this.note = takeNote(reloadNote);
    this.place = takeNote(placeKey);
    addEventListener("webio:replayed", (event) => this.replayed(event.detail));
    if (!this.place) { if (this.note) sign.report("good", this.updated, []); return; }
    history.scrollRestoration = "manual";
    // A session without a journal sends no report.
    this.timer = setTimeout(() => this.show(), 2500);
  }

  // The page stays, and its session is about to be another one.
  expect(place, ms) {
    this.place = place;
    this.note = { ms };
  }

  get updated() {
    const ms = this.note?.ms;
    return ms ? `Updated in ${ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`}` : "Updated";
  }

  replayed({ kept, total, stopped_at: stoppedAt, note }) {
    this.show();
    if (note) { this.sign.report("bad", note, [["Close", () => this.sign.hide()]]); return; }
    if (total === 0) { this.sign.report("good", this.updated, []); return; }
    const where = stoppedAt ? `, now at “${stoppedAt}”` : "";
    this.sign.report("good", `${this.updated}, kept ${kept} of ${total} ${total === 1 ? "answer" : "answers"}${where}`, [
      ["Start over", () => this.startOver()], ["Back one", () => this.backOne()], ["Save", () => this.save()],
    ]);
  }

  show() {
    clearTimeout(this.timer);
    document.documentElement.classList.remove("webio-returning");
    if (!this.place) return;
    const { x, y, name, index, selection } = this.place;
    this.place = null;
    const field = name ? document.getElementsByName(name)[index] : null;
    if (field) {
      field.focus({ preventScroll: true });
      try { if (selection) field.setSelectionRange(...selection); } catch { /* no text field any more */ }
    }
    scrollTo({ left: x, top: y, behavior: "instant" });
    history.scrollRestoration = "auto";
  }

  startOver() {
    try { sessionStorage.removeItem(session().storageKey); } catch { /* nothing is kept */ }
    location.reload();
  }

  async backOne() {
    const answer = await post("/__webio/back", { session: session().webio_session_id });
    if (answer.ok) dispatchEvent(new Event("webio:outdated", { cancelable: true }));
  }

  async save() {
    const answer = await post("/__webio/save", { session: session().webio_session_id });
    const text = (await answer.text()).trim();
    this.sign.report(answer.ok ? "good" : "bad", answer.ok ? `Saved; run it with: webio replay ${text}` : text, [["Close", () => this.sign.hide()]]);
  }
}

// For the page that comes next: why this one went.
export function noteReload(ms) {
  try { sessionStorage.setItem(reloadNote, JSON.stringify({ ms, at: Date.now() })); } catch { /* only the sign is lost */ }
}
