// Hostile markup for the sanitizer: probe() pushes each piece through Markdown and through sanitized HTML into a live element and
// returns what got through: an alert that fired, an attribute or element that may do harm.
import { characterReference, sanitizedFragment } from "../sanitize.js";
import { fullMarkdown, markdownToHTML } from "../markdown.js";

const pieces = [
  "<img src=x onerror=window.__hit=1>", "<svg onload=window.__hit=1>", "<svg><script>window.__hit=1</script></svg>", "<script>window.__hit=1</script>",
  "<iframe src=javascript:window.__hit=1></iframe>", "<iframe srcdoc='<script>parent.__hit=1</script>'></iframe>", "<object data=javascript:1></object>",
  "<a href='javascript:window.__hit=1'>x</a>", "<a href=' \u0001javascript:window.__hit=1'>x</a>", "<a href='java\nscript:window.__hit=1'>x</a>", "<a href='vbscript:1'>x</a>",
  "<a href='data:text/html,<script>1</script>'>x</a>", "<form action=javascript:1><button formaction=javascript:1>x</button></form>", "<input autofocus onfocus=window.__hit=1>",
  "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=window.__hit=1>'>", "<noscript><p title='</noscript><img src=x onerror=window.__hit=1>'>",
  "<form><math><mtext></form><form><mglyph><style></math><img src onerror=window.__hit=1>", "<template><img src=x onerror=window.__hit=1></template>", "<style>*{background:url(javascript:1)}</style>",
  "<p style='background:url(//evil);position:fixed;inset:0'>x</p>", "<base href=//evil>", "<meta http-equiv=refresh content='0;url=javascript:1'>", "<link rel=stylesheet href=//evil>",
  "<div id=pywebio-scope-ROOT class='w-popup modal'>x</div>", "<details open ontoggle=window.__hit=1>x</details>", "<video><source onerror=window.__hit=1></video>", "<img src=x onerror='window.__hit=1' data-webio-attr-onerror=window.__hit=1>",
  "<a href=x id=documentElement name=cookie>x</a>", "<img name=body>", "<table background=javascript:1><tr><td>x", "<isindex action=javascript:1>", "<svg><a xlink:href=javascript:1><text>x</text></a></svg>", "<select><style></select><img src=x onerror=window.__hit=1></style>",
  "<textarea><img title='</textarea><img src=x onerror=window.__hit=1>'>", "[x](javascript:window.__hit=1)", "![x](javascript:1)", "<javascript:window.__hit=1>", "[x](&#106;avascript:1)", "<b data-webio-attr-onclick=window.__hit=1>x</b>", "<p style=\"width:expression(1)\">",
];

export async function probe() {
  const problems = [];
  const host = document.createElement("div");
  document.body.append(host);
  // Handlers shall run, links shall not lead away from the test.
  host.addEventListener("click", (event) => event.preventDefault());
  for (const piece of pieces) {
    for (const html of [piece, markdownToHTML(piece, characterReference, fullMarkdown)]) {
      host.replaceChildren(sanitizedFragment(html));
      for (const element of host.querySelectorAll("*")) {
        element.click();
        if (/^(script|style|iframe|object|embed|form|base|meta|link|svg|math|template|button|textarea|select)$/.test(element.localName)) problems.push(`${element.localName} from ${piece}`);
        if (element.style.position || /url/.test(element.style.cssText)) problems.push(`style ${element.style.cssText} from ${piece}`);
        if (/^(pywebio|w-)/.test(element.id) || /\bw-/.test(element.className)) problems.push(`posing as ours from ${piece}`);
        for (const { name, value } of element.attributes) {
          if (name.startsWith("on") || /webio-attr/.test(name) || (/^(href|src)$/.test(name) && /^\s*(javascript|vbscript|data:text)/i.test(value))) problems.push(`${name}=${value} from ${piece}`);
        }
      }
    }
  }
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  if (window.__hit) problems.push("a script ran");
  host.remove();
  return { pieces: pieces.length, problems };
}
