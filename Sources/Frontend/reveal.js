// After an answer the visitor waits for what comes of it, so that is brought into view: as much as fits, but never past its beginning.
// Whoever scrolls meanwhile is left alone.
import { byId, prefersReducedMotion } from "./dom.js";

const patience = 1500;          // milliseconds in which output still counts as the reaction
const reaction = { isExpected: false, first: null, last: null, until: 0, isScheduled: false };

export function expectReaction() {
  Object.assign(reaction, { isExpected: true, first: null, last: null });
}

export function expectNothing() { reaction.isExpected = false; }

// Some output was shown. Costs nothing unless an answer was just given.
export function noteReaction(element) {
  if (!reaction.isExpected) return;
  if (!reaction.first || !reaction.first.isConnected) Object.assign(reaction, { first: element, until: performance.now() + patience });
  reaction.last = element;
  scheduleReveal();
}

// The form below the output came or changed its height.
export function revealAgain() {
  if (reaction.isExpected && reaction.first) scheduleReveal();
}

function scheduleReveal() {
  if (performance.now() > reaction.until) { reaction.isExpected = false; return; }
  if (reaction.isScheduled) return;
  reaction.isScheduled = true;
  requestAnimationFrame(() => {
    reaction.isScheduled = false;
    const { first, last } = reaction;
    if (!reaction.isExpected || !first.isConnected || !last.isConnected) return;
    const panel = byId("input-container");
    const covered = panel.hidden || panel.classList.contains("w-tall") ? 0 : panel.offsetHeight;
    const missing = last.getBoundingClientRect().bottom + 16 - (innerHeight - covered);
    const room = first.getBoundingClientRect().top - 24;
    const distance = Math.min(missing, room);
    if (distance > 1) scrollBy({ top: distance, behavior: prefersReducedMotion() ? "auto" : "smooth" });
  });
}

// While a form waits at the lower edge, output that grows behind it would be hidden by it. Whoever is at the end of the page stays there;
// whoever has scrolled up is reading.
const reader = { isAtEnd: true, top: 0, isMoving: false };

// Only scrolling up leaves the end: output may have come between the page's own scrolling and the news of it.
function lookWhereTheReaderIs() {
  const page = document.documentElement;
  const isNear = page.scrollHeight - scrollY - innerHeight < 24;
  reader.isAtEnd = isNear || (reader.isAtEnd && scrollY >= reader.top);
  reader.top = scrollY;
}

export function stayAtEnd() {
  if (reader.isMoving || reaction.isExpected || !reader.isAtEnd || byId("input-container").hidden) return;
  reader.isMoving = true;
  requestAnimationFrame(() => {
    reader.isMoving = false;
    if (reader.isAtEnd) scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  });
}

export function watchReader() {
  addEventListener("scroll", lookWhereTheReaderIs, { passive: true });
  for (const type of ["wheel", "touchmove"]) addEventListener(type, expectNothing, { passive: true });
}
