// An accessibility check of a page as it stands: run it in the page (`return (await import(URL)).check()`), it returns what is wrong as
// lines of text. It knows names of controls, ids, references, text alternatives, focus, headings, target size and contrast.

function nameOf(element) {
  const labelled = (element.getAttribute("aria-labelledby") || "").split(/\s+/).map((id) => document.getElementById(id)?.textContent || "").join(" ");
  const labels = [...(element.labels || [])].map((label) => label.textContent).join(" ");
  return (labelled.trim() || element.getAttribute("aria-label") || labels.trim() || element.getAttribute("title") || element.textContent || element.getAttribute("alt") || "").trim();
}

function isShown(element) {
  return element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length > 0;
}

function rgb(text) {
  const numbers = text.match(/[\d.]+/g);
  if (!numbers) return [0, 0, 0, 0];
  const scale = text.startsWith("color(") ? 255 : 1;
  const [r, g, b, a = 1] = numbers.map(Number);
  return [r * scale, g * scale, b * scale, a];
}

function luminance([r, g, b]) {
  const linear = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

// The colour behind an element: its own and its ancestors' backgrounds laid over each other.
function groundOf(element) {
  let color = [0, 0, 0, 0];
  for (let at = element; at && color[3] < 1; at = at.parentElement || at.getRootNode().host) {
    const under = rgb(getComputedStyle(at).backgroundColor);
    const alpha = color[3] + under[3] * (1 - color[3]);
    if (alpha > 0) color = [...[0, 1, 2].map((i) => (color[i] * color[3] + under[i] * under[3] * (1 - color[3])) / alpha), alpha];
  }
  return color;
}

function contrastProblems(root) {
  const problems = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || seen.has(element) || !isShown(element) || element.closest(":disabled, script, style, svg, option, [data-unchecked]")) continue;
    seen.add(element);
    const style = getComputedStyle(element);
    // The code editor's own text is invisible; the same text in colour lies under it and is looked at.
    if (rgb(style.color)[3] === 0 && element.matches(".w-editor textarea")) continue;
    const [a, b] = [luminance(rgb(style.color)), luminance(groundOf(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < least) problems.push(`contrast ${ratio.toFixed(2)} < ${least}: “${node.data.trim().slice(0, 40)}” ${style.color}`);
  }
  return problems;
}

export function check(root = document.body) {
  const problems = [];
  const all = [...root.querySelectorAll("*")];
  const say = (rule, element) => problems.push(`${rule}: <${element.localName}${element.id ? ` id=${element.id}` : ""} class="${element.getAttribute("class") || ""}"> ${element.textContent.trim().slice(0, 40)}`);
  const ids = new Map();
  for (const element of all) {
    if (element.id) ids.set(element.id, (ids.get(element.id) || 0) + 1);
    if (!isShown(element) && !element.matches("input[type=file]")) continue;
    const isControl = element.matches("button, input:not([type=hidden]), select, textarea, a[href], summary, [role=button], [role=tab], [role=slider], [tabindex='0'], dialog, progress, [role=progressbar], [role=grid], [role=region]");
    if (isControl && !nameOf(element) && !element.matches("pre")) say("no name", element);
    if (element.matches("input:not([type=hidden], [type=file]), select, textarea") && !element.labels?.length && !element.getAttribute("aria-label") && !element.getAttribute("aria-labelledby")) say("no label", element);
    if (element.matches("img") && !element.hasAttribute("alt")) say("no alt", element);
    if (element.matches("[tabindex]") && element.tabIndex > 0) say("positive tabindex", element);
    for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for"]) {
      for (const id of (element.getAttribute(attribute) || "").split(/\s+/).filter(Boolean)) if (!document.getElementById(id)) say(`${attribute} points nowhere (${id})`, element);
    }
    if (element.matches("[aria-hidden=true]") && element.querySelector("button, a[href], input, select, textarea, [tabindex='0']")) say("focusable in aria-hidden", element);
    if (element.matches("button, input[type=checkbox], input[type=radio], select, [role=button]") && !element.disabled) {
      const target = element.closest("label") || element;
      const { width, height } = target.getBoundingClientRect();
      if (width < 24 || height < 24) say(`target ${Math.round(width)}×${Math.round(height)} below 24×24`, element);
    }
    if (element.scrollWidth > element.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(element).overflowX) && element.tabIndex < 0 && !element.querySelector("a[href], button, textarea, [tabindex='0']") && !element.matches("textarea, input, select")) say("scrolls but takes no focus", element);
  }
  for (const [id, count] of ids) if (count > 1) problems.push(`id used ${count} times: ${id}`);
  if (!document.documentElement.lang) problems.push("no lang");
  if (!document.title) problems.push("no title");
  if (!document.querySelector("main")) problems.push("no main");
  if (document.documentElement.scrollWidth > innerWidth) problems.push(`page is wider than the window: ${document.documentElement.scrollWidth} > ${innerWidth}`);
  return [...problems, ...contrastProblems(root)];
}
