// CONTRIBUTING.md, "Words": the phrases that the project does not use, and the width of comments and
// Markdown. The names of variables and of files are not searched.
import { expect, test } from "bun:test";
import { expectNone, FILES, readSource, SOURCES } from "./sources.ts";
import { textsOf } from "./texts.ts";

const MAX_COLUMNS = 110;

interface Banned {
  pattern: RegExp;
  write: string;
}

const PHRASES: Banned[] = [
  // "Of its own key" is allowed: there, `own` belongs to a noun.
  {
    pattern:
      /\bof (its|their|our|your|my|his|her) own(?=[^\w ]|$| (and|or|as|at|after|by|for|from|if|in|is|on|once|since|than|that|to|until|when|where|which|while|with)\b)/i,
    write: "its …, or a separate …",
  },
  { pattern: /\bby (itself|themselves)\b/i, write: "automatically" },
  { pattern: /\ball the same\b/i, write: "anyway, or nothing" },
  { pattern: /\banew\b/i, write: "again" },
  { pattern: /\b(go|goes|going|went|gone) on with\b/i, write: "continues with" },
  { pattern: /\blest\b/i, write: "so that … does not" },
  { pattern: /\bfor want of\b/i, write: "because there is no …" },
  { pattern: /\b(becomes?|became|becoming) of\b/i, write: "what happens to" },
  // As a verb: with an object, or with a clause behind it. `answers` as a noun is fine.
  {
    pattern:
      /\banswers (an?|the|all|each|every|any|its|their|this|that|those|these|one|no|none|nothing|only|with|by|when|while|whether|what|which|who|how|if|undefined|null|true|false|\d{3})\b/i,
    write: "returns, or responds",
  },
  {
    pattern: /\b(is|are|was|were|be|been|being) told\b(?! apart)|\btold by\b/i,
    write: "receives, or learns from",
  },
  { pattern: /\bwhom\b/i, write: "a noun and a relative clause" },
  { pattern: /\b(bring|brings|brought|bringing) in\b/i, write: "adds, or enrolls" },
  { pattern: /\bmade up\b/i, write: "invented, or consists of" },
  { pattern: /\bstands\b(?! for\b)/i, write: "is" },
  { pattern: /\b(person|persons|people)\b/i, write: "user, or operator" },
  { pattern: /\b(some|any|every)body\b/i, write: "a user, an attacker, any client: the one that is meant" },
  // The account of Unix is a whole string, or a field between colons.
  { pattern: /(?<!["'`:])\bnobody\b(?!:)|(?<=["'`])nobody\b(?!["'`:])/i, write: "no user, no client" },
];

const TERMS: Banned[] = [
  { pattern: /\be-mails?\b/i, write: "email" },
  { pattern: /\blog-ins?\b/i, write: "sign-in" },
  { pattern: /(?<![-\w])roll-outs?\b/i, write: "rollout" },
  { pattern: /\b(good-?bye)\b/i, write: "unenroll" },
  { pattern: /\bboot[- ]?ids?\b/i, write: "instance id" },
  { pattern: /\bkept reports?\b/i, write: "spool" },
  { pattern: /\banswer signatures?\b/i, write: "response signature" },
];

const BANNED = [...PHRASES, ...TERMS];

/** Files with a reason to use a banned word. */
const EXCEPTIONS: Record<string, string> = {
  "tests/rules/words.test.ts": "names what it forbids",
  "CONTRIBUTING.md": "names what it forbids",
  "CODE_OF_CONDUCT.md": "is about people",
};

const isSource = (file: string) => SOURCES.includes(file);
const TEXTS = [...SOURCES, ...FILES.filter((file) => /\.md$|^\.github\//.test(file))];

const withoutCodeBlocks = (markdown: string) => markdown.replace(/^( *)```[\s\S]*?^\1```$/gm, "");

/** The words of a file on one line: of a source its texts, of Markdown all but its code. */
function wordsOf(text: string, isSource: boolean): string {
  const words = isSource ? textsOf(text).join("\n\n") : withoutCodeBlocks(text).replace(/`[^`\n]*`/g, "`…`");
  return words.replace(/\n\s*(\/\/+|\*(?!\*)|#|>)?\s*/g, " ");
}

function phrasesIn(text: string, isSource: boolean): string[] {
  const line = wordsOf(text, isSource);
  return BANNED.flatMap(({ pattern, write }) =>
    [...line.matchAll(new RegExp(pattern, `g${pattern.flags}`))].map(({ index, 0: found }) => {
      const context = line.slice(Math.max(0, index - 30), index + found.length + 30).trim();
      return `"${found}" in "${context}": write ${write}`;
    }),
  );
}

/**
 * Lines of Markdown without what cannot be wrapped: code blocks, tables, front matter, the targets of links.
 */
function wideMarkdown(text: string): string[] {
  return withoutCodeBlocks(text.replace(/^---\n[\s\S]*?\n---\n/, ""))
    .split("\n")
    .filter((line) => !line.startsWith("|") && withoutTargets(line).length > MAX_COLUMNS);
}

function wideComments(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.length > MAX_COLUMNS && /^\s*(\/\/|\/?\*|\{\/\*)|[;,{}()] \/\/ /.test(line))
    .filter((line) => !line.includes("biome-ignore") && withoutTargets(line).length > MAX_COLUMNS);
}

function withoutTargets(line: string): string {
  return line.replace(/\]\([^)]*\)/g, "]").replace(/https?:\/\/\S+/g, "");
}

function violationsOf(file: string): string[] {
  const text = readSource(file);
  const wide = isSource(file) ? wideComments(text) : wideMarkdown(text);
  return [
    ...(file in EXCEPTIONS ? [] : phrasesIn(text, isSource(file))),
    ...wide.map((line) => `${line.length} columns: ${line.trim().slice(0, 60)}…`),
  ].map((violation) => `${file}: ${violation}`);
}

const VIOLATIONS = new Map(TEXTS.map((file) => [file, violationsOf(file)]));

test(`every text is in plain English, and no comment is wider than ${MAX_COLUMNS} columns`, () => {
  expectNone(
    "a native reader must never stop to parse a sentence: see CONTRIBUTING.md, Words",
    [...VIOLATIONS.values()].flat(),
  );
});

test("every exception is needed", () => {
  const needless = Object.keys(EXCEPTIONS).filter(
    (file) => !FILES.includes(file) || phrasesIn(readSource(file), isSource(file)).length === 0,
  );
  expectNone("an exception that no file needs lets the next phrase in", needless);
});

test.each([
  '"It has an identity of its own."',
  "// It follows the rotation by\n// itself.",
  "/**\n * Answers the seconds until the next try.\n */",
  "console.log(`somebody was faster`);",
  "<Text>Don't wait: the user's e-mail</Text>",
  "<Text>\n  The user is told why, at {time}\n</Text>",
  'const quoted = `a`; call("nobody is here");',
  "const quote = /[`'\"]/;\n// It stands here.",
])("the rule finds the phrase in %j", (text) => {
  expect(phrasesIn(text, true)).toHaveLength(1);
});

test.each([
  'const account = "nobody";',
  'const file = "nobody:x:65534:65534:nobody:/nonexistent";',
  "const answers = person.name > people[0] / nobody;",
  "// The answers are in the table.",
  "// ATL stands for AttackLens.",
  "// The fingerprint of its own key, by which the two are told apart.",
  '"0016-token-roll-out"',
])("the rule accepts %j", (text) => {
  expect(phrasesIn(text, true)).toEqual([]);
});

test("code and tables in Markdown may be wide, and so may the target of a link", () => {
  const wide = "x".repeat(MAX_COLUMNS + 1);
  const accepted = `| ${wide} |\n\`\`\`\n${wide}\n\`\`\`\n[page](https://example.com/${wide})\n`;
  expect(wideMarkdown(accepted)).toEqual([]);
  expect(wideMarkdown(`${wide}\n`)).toHaveLength(1);
  expect(wideComments(`// ${wide}\nconst text = "${wide}";\nf(); // ${wide}`)).toHaveLength(2);
});
