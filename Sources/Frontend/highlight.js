// Colours for code blocks, loaded with the first block that names its language. One scanner for all languages: comments, strings,
// numbers and words; a language is a list of its keywords and the shapes of its comments and strings. Only text nodes are made.

const words = (text) => new Set(text.split(" "));
const slashComment = "\\/\\/[^\\n]*|\\/\\*[^]*?(?:\\*\\/|$)";
const hashComment = "#[^\\n]*";
const quotes = "\"(?:[^\"\\\\\\n]|\\\\[^])*\"?|'(?:[^'\\\\\\n]|\\\\[^])*'?";
const cLike = "if else for while do switch case default break continue return struct enum union const static void int char float double long " +
  "short unsigned signed bool true false sizeof typedef extern inline goto volatile nullptr NULL auto class public private protected virtual " +
  "override final namespace using template typename new delete this throw try catch operator constexpr";

const languages = {
  swift: { comment: slashComment, string: "#*\"\"\"[^]*?(?:\"\"\"#*|$)|\"(?:[^\"\\\\\\n]|\\\\[^])*\"?", keywords: "actor as async await associatedtype break case catch class consuming " +
    "continue convenience default defer deinit do else enum extension fallthrough false fileprivate final for func guard if import in indirect init inout " +
    "internal is isolated lazy let mutating nil nonisolated open operator override package private protocol public repeat rethrows return self Self " +
    "sending some any static struct subscript super switch throw throws true try typealias unowned var weak where while" },
  python: { comment: hashComment, string: "[rbfu]{0,2}(?:\"\"\"[^]*?(?:\"\"\"|$)|'''[^]*?(?:'''|$)|\"(?:[^\"\\\\\\n]|\\\\[^])*\"?|'(?:[^'\\\\\\n]|\\\\[^])*'?)",
    keywords: "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda match case None " +
    "nonlocal not or pass raise return True try while with yield self" },
  javascript: { comment: slashComment, string: `${quotes}|\`(?:[^\`\\\\]|\\\\[^])*\`?`, keywords: "async await break case catch class const continue debugger default " +
    "delete do else export extends false finally for from function get if import in instanceof let new null of return set static super switch this throw true " +
    "try typeof undefined var void while with yield interface type enum implements readonly namespace declare abstract as keyof" },
  json: { comment: "(?!)", string: "\"(?:[^\"\\\\\\n]|\\\\[^])*\"?", keywords: "true false null", isData: true },
  bash: { comment: "(?<![\\w$&{])#[^\\n]*", string: quotes, keywords: "if then else elif fi for in do done while until case esac function return exit export local readonly " +
    "set unset shift source echo cd sudo apt pip npm git swift curl test true false" },
  c: { comment: slashComment, string: quotes, keywords: cLike },
  java: { comment: slashComment, string: quotes, keywords: `${cLike} abstract boolean byte extends final finally implements import instanceof interface native package ` +
    "synchronized throws transient var record sealed permits super null fun val when is object companion suspend data lateinit" },
  go: { comment: slashComment, string: `${quotes}|\`[^\`]*\`?`, keywords: "break case chan const continue default defer else fallthrough for func go goto if import interface map " +
    "package range return select struct switch type var nil true false string int error bool byte" },
  rust: { comment: slashComment, string: "\"(?:[^\"\\\\]|\\\\[^])*\"?|'(?:[^'\\\\\\n]|\\\\.)'", keywords: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop " +
    "match mod move mut pub ref return self Self static struct super trait true type unsafe use where while" },
  sql: { comment: "--[^\\n]*|\\/\\*[^]*?(?:\\*\\/|$)", string: quotes, ignoresCase: true, keywords: "select from where and or not in is null insert into values update set delete create table " +
    "drop alter add primary key foreign references join left right inner outer on group by order having limit offset as distinct union all case when then else " +
    "end index view begin commit rollback exists between like default unique" },
  yaml: { comment: hashComment, string: quotes, keywords: "true false null yes no on off", isData: true },
  css: { comment: "\\/\\*[^]*?(?:\\*\\/|$)", string: quotes, keywords: "important media supports import keyframes font-face layer container", isData: true },
  html: { comment: "<!--[^]*?(?:-->|$)", string: "(?<==\\s*)(?:\"[^\"]*\"?|'[^']*'?)", keywords: "", isMarkup: true },
};
const aliases = {
  py: "python", python3: "python", js: "javascript", jsx: "javascript", ts: "javascript", tsx: "javascript", typescript: "javascript", mjs: "javascript",
  sh: "bash", shell: "bash", zsh: "bash", console: "bash", cpp: "c", "c++": "c", h: "c", objc: "c", cs: "java", csharp: "java", kotlin: "java", kt: "java",
  csrc: "c", "c++src": "c", objectivec: "c", rustsrc: "rust", htmlmixed: "html", clike: "c",
  rs: "rust", golang: "go", yml: "yaml", toml: "yaml", ini: "yaml", xml: "html", svg: "html", vue: "html", scss: "css", json5: "json", jsonc: "json",
};

const scanners = new Map();

function scannerFor(name) {
  const key = aliases[name] || name;
  const language = languages[key];
  if (!language) return null;
  if (!scanners.has(key)) {
    const markup = language.isMarkup ? "|(?<name><\\/?[A-Za-z][\\w:-]*|\\/?>)" : "|(?<name>(?!))";
    scanners.set(key, {
      keywords: words(language.keywords),
      language,
      pattern: new RegExp(`(?<comment>${language.comment})|(?<string>${language.string})${markup}|(?<number>\\b(?:0[xXbBoO][\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d[\\d_]*)?(?:[eE][-+]?\\d+)?)\\b)|(?<word>[@#]?[A-Za-z_$][\\w$-]*)`, "g"),
    });
  }
  return scanners.get(key);
}

function kindOfWord(word, after, { keywords, language }) {
  const known = language.ignoresCase ? word.toLowerCase() : word;
  if (keywords.has(known)) return "keyword";
  if (language.isMarkup) return null;
  if (language.isData) return /^\s*:/.test(after) ? "name" : null;
  if (word[0] === "@" || word[0] === "#") return "keyword";
  return /^[A-Z]\w*[a-z]/.test(word) || after[0] === "(" ? "name" : null;
}

function diffTokens(text) {
  const tokens = [];
  let start = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const kind = line[0] === "+" ? "added" : line[0] === "-" ? "removed" : line.startsWith("@@") ? "comment" : null;
    if (kind) tokens.push({ kind, start, end: start + line.length });
    start += line.length;
  }
  return tokens;
}

// "text/x-python" and { name: "python" } are how CodeMirror, and with it PyWebIO, names a language.
export function languageName(mode) {
  const name = typeof mode === "object" && mode ? mode.name : mode;
  return String(name || "").toLowerCase().replace(/^(text|application)\/(x-)?/, "");
}

// What has a colour in a text, in order: { kind, start, end }. Null for a language that is not known here.
export function tokensOf(text, name) {
  if (name === "diff" || name === "patch") return diffTokens(text);
  const scanner = scannerFor(name);
  if (!scanner) return null;
  const tokens = [];
  for (const found of text.matchAll(scanner.pattern)) {
    const groups = found.groups;
    let kind = groups.comment ? "comment" : groups.string ? "string" : groups.number ? "number" : groups.name ? "keyword" : null;
    const start = found.index;
    const end = start + found[0].length;
    if (groups.word) kind = kindOfWord(groups.word, text.slice(end, end + 20), scanner);
    // In data languages a quoted key is a name.
    if (kind === "string" && scanner.language.isData && /^\s*:/.test(text.slice(end, end + 20))) kind = "name";
    if (kind) tokens.push({ kind, start, end });
  }
  return tokens;
}

// The text with its colours.
export function colored(text, tokens) {
  const fragment = document.createDocumentFragment();
  let done = 0;
  for (const { kind, start, end } of tokens) {
    if (start > done) fragment.append(text.slice(done, start));
    const span = document.createElement("span");
    span.className = `hl-${kind}`;
    span.textContent = text.slice(start, end);
    fragment.append(span);
    done = end;
  }
  fragment.append(text.slice(done));
  return fragment;
}

// Colours the text of a <code> element. Languages it does not know stay as they are.
export function highlight(code, name) {
  const text = code.textContent;
  if (text.length > 200000) return;
  const tokens = tokensOf(text, name);
  if (tokens) code.replaceChildren(colored(text, tokens));
}
