// The CommonMark score: score(examples) runs every published example through the page's renderer.
// Works in Chromium (tests/score.html does it) and in any other host of ES modules that can resolve character references.
import { fullMarkdown, markdownToHTML, plainCommonMark } from "../markdown.js";

// Returns { passed, total, failures: [{ example, section, markdown, expected, actual }] }.
export function score(examples, resolve, options = plainCommonMark) {
  const failures = [];
  for (const { example, section, markdown, html } of examples) {
    let actual;
    try { actual = markdownToHTML(markdown, resolve, options); } catch (error) { actual = `threw ${error.stack}`; }
    if (actual !== html) failures.push({ example, section, markdown, expected: html, actual });
  }
  return { passed: examples.length - failures.length, total: examples.length, failures };
}

export { fullMarkdown };
