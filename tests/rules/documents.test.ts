// What our documents say is true: decision pages have their shape, paths and commands that a text cites exist. Style rule 37.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expectNone, FILES, ROOT, readSource } from "./sources.ts";

const DOCUMENTS = FILES.filter((file) => /^(README|CONTRIBUTING)\.md$|^docs\/.*\.md$/.test(file));
const DECISIONS = FILES.filter((file) => file.startsWith("docs/decisions/") && file.endsWith(".md")).sort();
const TOP = new Set(FILES.map((file) => file.split("/", 1)[0] as string));

test("decision pages are numbered without a gap", () => {
  const numbers = DECISIONS.map((file) => /\/(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1] ?? file);
  expect(numbers).toEqual(DECISIONS.map((_, index) => String(index + 1).padStart(4, "0")));
});

test("decision pages say Context, Decision and Consequences", () => {
  const wrong = DECISIONS.filter((file) => {
    const headings = [...readSource(file).matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    return !readSource(file).startsWith("# ") || headings.join() !== "Context,Decision,Consequences";
  });
  expectNone("who asks why in a year reads these three, in this order", wrong);
});

test("a path that a document cites exists", () => {
  const wrong = DOCUMENTS.flatMap((file) => {
    const cited = [...readSource(file).matchAll(/`([\w.@-]+\/[\w./@-]*)`/g)].map(
      (match) => match[1] as string,
    );
    return cited
      .filter((path) => TOP.has(path.split("/", 1)[0] as string) && !existsSync(join(ROOT, path)))
      .map((path) => `${file}: ${path}`);
  });
  expectNone("a document says only what is so", wrong);
});

test("a link to a file of ours leads to it", () => {
  const wrong = DOCUMENTS.flatMap((file) => {
    const links = [...readSource(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      (match) => match[1] as string,
    );
    return links
      .filter((link) => !existsSync(join(ROOT, dirname(file), link)))
      .map((link) => `${file}: ${link}`);
  });
  expectNone("a dead link costs its reader the rest", wrong);
});

test("an npm command that a document cites is in package.json", () => {
  const { scripts } = JSON.parse(readSource("package.json")) as { scripts: Record<string, string> };
  const wrong = DOCUMENTS.flatMap((file) =>
    [...readSource(file).matchAll(/\bnpm (?:run ([\w-]+)|(start|test)\b)/g)]
      .filter((match) => !(((match[1] ?? match[2]) as string) in scripts))
      .map((match) => `${file}: ${match[0]}`),
  );
  expectNone("the first thing that a reader types must work", wrong);
});

test("no document cites a line number", () => {
  const wrong = DOCUMENTS.flatMap((file) =>
    [...readSource(file).matchAll(/[\w/-]+\.(?:ts|tsx|mjs):\d+/g)].map((match) => `${file}: ${match[0]}`),
  );
  expectNone("the next change moves it", wrong);
});
