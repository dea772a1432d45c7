// Where the developer's half of the page is drawn: a shadow root, so that neither the app's style nor ours reaches across.

const styles = `
:host { all: initial; }
* { box-sizing: border-box; }
.back { position: fixed; inset: 0; inline-size: 100%; block-size: 100%; max-inline-size: none; max-block-size: none; margin: 0; border: 0; display: grid; grid-template-columns: minmax(0, 1fr); align-items: start; justify-items: center; overflow: auto; padding: 5vh 1rem; background: rgb(12 13 18 / .62); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: #e9eaee; }
.back::backdrop { background: none; }
.card { inline-size: min(60rem, 100%); border-radius: 12px; border-block-start: 4px solid #ff6b61; background: #191b21; box-shadow: 0 20px 60px rgb(0 0 0 / .5); outline: none; }
header { display: flex; gap: 1rem; align-items: baseline; padding: 1rem 1.25rem .6rem; }
h1 { margin: 0; font-size: 1.15rem; font-weight: 650; color: #ff9d95; }
header span { color: #a7adba; font-size: .85rem; }
header button { margin-inline-start: auto; border: 0; background: none; color: #c9ced8; font: inherit; cursor: pointer; padding: .2rem .5rem; border-radius: 6px; }
header button:hover { background: #2a2e37; }
ol { list-style: none; margin: 0; padding: 0 .6rem .6rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: .4rem; }
li { padding: .7rem .8rem; border-radius: 8px; border: 1px solid transparent; }
li.current { background: #20232b; border-color: #343944; }
.where { border: 0; background: none; padding: 0; font: 600 .85rem ui-monospace, Menlo, Consolas, monospace; color: #9fb6ff; cursor: pointer; text-align: start; overflow-wrap: anywhere; }
.where:hover { text-decoration: underline; }
.kind { display: inline-block; margin-inline-end: .6rem; padding: 0 .45rem; border-radius: 4px; font-size: .75rem; font-weight: 650; }
.error .kind { background: #5a211e; color: #ffb3ad; } .warning .kind { background: #4d3a12; color: #ffd58a; } .note .kind { background: #263349; color: #b3cdfb; }
.message { margin: .3rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { margin: .55rem 0 0; padding: .65rem .8rem; border-radius: 6px; background: #101217; font: .82rem/1.55 ui-monospace, Menlo, Consolas, monospace; overflow-x: auto; tab-size: 4; }
pre .caret { color: #ff9d95; font-weight: 700; } pre .gutter { color: #8a92a3; }
details { padding: 0 1.4rem 1rem; color: #a7adba; } summary { cursor: pointer; }
details pre { max-block-size: 40vh; overflow: auto; white-space: pre-wrap; }
footer { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; padding: .6rem 1.4rem .9rem; color: #a7adba; font-size: .82rem; border-block-start: 1px solid #2a2e37; }
kbd { font: .78rem ui-monospace, monospace; padding: .05rem .35rem; border: 1px solid #454b58; border-radius: 4px; color: #d9dce3; }
:focus-visible { outline: 2px solid #9fb6ff; outline-offset: 2px; }
.card:focus-visible { outline: none; }
.sign { position: fixed; inset-block-start: 12px; inset-inline-end: 12px; max-inline-size: calc(100vw - 24px); z-index: 2147482999; display: flex; gap: .5rem; align-items: center; padding: .3rem .75rem; border: 1px solid #343944; border-radius: 2rem; background: #191b21; color: #e9eaee; font: 13px/1.5 system-ui, sans-serif; box-shadow: 0 4px 18px rgb(0 0 0 / .3); }
button.sign { cursor: pointer; }
.sign.has-buttons { padding-inline-end: .35rem; }
.sign .text { overflow-wrap: anywhere; }
.sign > button { flex: none; white-space: nowrap; border: 0; border-radius: 1rem; padding: .1rem .65rem; background: #2d323c; color: #dfe5f3; font: inherit; cursor: pointer; }
.sign > button:hover { background: #3b424f; }
.dot { flex: none; inline-size: .55rem; block-size: .55rem; border-radius: 50%; background: #ffc861; animation: beat 1s ease-in-out infinite; }
.good .dot { background: #63d08f; animation: none; } .bad .dot { background: #ff6b61; animation: none; }
@media (max-width: 36rem) {
  header { flex-wrap: wrap; gap: .1rem 1rem; } h1 { flex: 1; } header span { order: 1; flex-basis: 100%; }
  .sign.has-buttons { flex-wrap: wrap; padding: .5rem .75rem; border-radius: 1rem; } .sign.has-buttons .text { flex: 1 1 calc(100% - 2rem); }
}
@keyframes beat { 50% { opacity: .3; } }
@media (prefers-reduced-motion: reduce) { .dot { animation: none; } }
`;

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const shadowHost = make("webio-dev");
export const shadow = shadowHost.attachShadow({ mode: "open" });

{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  shadow.adoptedStyleSheets = [sheet];
  document.documentElement.append(shadowHost);
}
