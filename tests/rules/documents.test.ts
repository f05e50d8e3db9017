// CONTRIBUTING.md, "Comments and documents": what a document cites exists. Decision pages and the changelog
// have their form.
import { expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CODE, expectNone, FILES, ROOT, readSource } from "./sources.ts";

const DOCUMENTS = FILES.filter((file) => /^[A-Z_]+\.md$|^(docs|\.github)\/.*\.md$/.test(file));
const DECISIONS = FILES.filter((file) => file.startsWith("docs/decisions/") && file.endsWith(".md")).sort();
const TOP = new Set(FILES.map((file) => file.split("/", 1)[0] as string));

/** Options of other programs in our documents, and one that we decided against. */
const FOREIGN_FLAGS = [
  ...["--write", "--check", "--ignore-missing"],
  ...["--branch", "--all", "--message", "--sign", "--compile", "--insecure"],
];

/** Returns the first group that the pattern matches, or the whole match, with the document. */
function citations(pattern: RegExp, documents: readonly string[] = DOCUMENTS) {
  return documents.flatMap((file) =>
    [...readSource(file).matchAll(pattern)].map((match) => ({
      file,
      found: match.slice(1).find((group) => group !== undefined) ?? match[0],
    })),
  );
}

const show = ({ file, found }: { file: string; found: string }) => `${file}: ${found}`;

test("decision pages are numbered without a gap", () => {
  const numbers = DECISIONS.map((file) => /\/(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1] ?? file);
  expect(numbers).toEqual(DECISIONS.map((_, index) => String(index + 1).padStart(4, "0")));
});

test("decision pages have the sections Context, Decision and Consequences", () => {
  const wrong = DECISIONS.filter((file) => {
    const headings = [...readSource(file).matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    return !readSource(file).startsWith("# ") || headings.join() !== "Context,Decision,Consequences";
  });
  expectNone("a reader who asks for the reason in a year needs these three, in this order", wrong);
});

test("the changelog has the headings of Keep a Changelog", () => {
  const headings = [...readSource("CHANGELOG.md").matchAll(/^##{1,2} (.+)$/gm)].map(([, text]) => text!);
  const allowed =
    /^(\[Unreleased\]|\[\d{4}\.\d+\.\d+\] - \d{4}-\d\d-\d\d|Added|Changed|Deprecated|Removed|Fixed|Security)$/;
  expectNone(
    "readers and tools look for these headings",
    headings.filter((text) => !allowed.test(text)),
  );
  expect(headings[0]).toBe("[Unreleased]");
});

test("a path that a document cites exists", () => {
  const wrong = citations(/`([\w.@-]+\/[\w./@-]*|[A-Z_]+\.md)`/g).filter(
    ({ found }) => TOP.has(found.split("/", 1)[0] as string) && !existsSync(join(ROOT, found)),
  );
  expectNone("a reader cannot find the path", wrong.map(show));
});

test("a path in CODEOWNERS exists", () => {
  const paths = [...readSource(".github/CODEOWNERS").matchAll(/^\/(\S+)/gm)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(3);
  expectNone(
    "a missing path has no reviewer",
    paths.filter((path) => !existsSync(join(ROOT, path))),
  );
});

test("the target of a link to a file or a heading exists", () => {
  const wrong = citations(/\]\((?!https?:|mailto:)([^)\s]+)/g).filter(({ file, found }) => {
    const [path, anchor] = found.split("#") as [string, string | undefined];
    const target = path === "" ? file : join(dirname(file), path);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  expectNone("a reader cannot follow a dead link", wrong.map(show));
});

/** Anchors of a page's headings, as GitHub forms them. */
function anchorsOf(file: string): string[] {
  return [...readSource(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replace(/ /g, "-"),
  );
}

test("an npm command that a document cites is in package.json", () => {
  const { scripts } = JSON.parse(readSource("package.json")) as { scripts: Record<string, string> };
  const wrong = citations(/\bnpm (?:run ([\w-]+)|(start|test)\b)/g).filter(
    ({ found }) => !(found in scripts),
  );
  expectNone("the first command that a reader types must work", wrong.map(show));
});

test("a command of our programs that a document cites exists", () => {
  const usage = readSource("server/main.ts") + readSource("server/commands/token.ts");
  const wrong = [
    ...citations(/(?<![\w/-])attacklens ([a-z]+)\b/g).filter(
      ({ found }) => !new RegExp(`attacklens ${found}\\b|command === "${found}"`).test(usage),
    ),
    // Not a path, and not the name of a container before the program in it.
    ...citations(/(?<![\w/])attacklens-sensor (?!attacklens-)([a-z]+)\b/g).filter(
      ({ found }) => !readSource("sensor/commands/usage.ts").includes(`attacklens-sensor ${found}`),
    ),
  ];
  expectNone("a reader who types it gets a usage error", wrong.map(show));
});

test("an option and a variable that a document cites are in the code", () => {
  const code = [...CODE, ...FILES.filter((file) => /^(tests\/faults|harness)\/.*\.ts$/.test(file))]
    .map(readSource)
    .join("\n");
  const flags = citations(/(?<![\w-])(--[a-z][a-z-]+)/g).filter(
    ({ found }) => !FOREIGN_FLAGS.includes(found) && !code.includes(found) && !declares(code, found),
  );
  const variables = citations(/\b((?:ATTACKLENS|TEST|FLEET|CRASH|ALL)_[A-Z_]+)\b(?!…)/g).filter(
    ({ found }) => !code.includes(found),
  );
  expectNone("setting it has no effect", [...flags, ...variables].map(show));
});

/** Whether the code has the flag as a name of `parseArgs`, or in a row of a table of settings. */
function declares(code: string, flag: string): boolean {
  const name = flag.slice("--".length);
  const isNamed = [`"${name}":`, `flag: "${name}"`].some((declaration) => code.includes(declaration));
  return isNamed || new RegExp(`\\b${name}: (text|flag|\\{ type:)`).test(code);
}

test.skipIf(process.platform === "win32")(
  "the pre-commit hook is executable, and CONTRIBUTING.md names its folder",
  () => {
    expect(statSync(join(ROOT, ".githooks/pre-commit")).mode & 0o100).toBe(0o100);
    expect(readSource("CONTRIBUTING.md")).toContain("git config core.hooksPath .githooks");
  },
);

test("the license file matches package.json", () => {
  const { license } = JSON.parse(readSource("package.json")) as { license: string };
  expect(readSource("LICENSE")).toContain(`"license": "${license}"`);
});

test("no document cites a line number", () => {
  const wrong = citations(/([\w/-]+\.(?:ts|tsx|mjs):\d+)/g);
  expectNone("the next change of the file makes it wrong", wrong.map(show));
});
