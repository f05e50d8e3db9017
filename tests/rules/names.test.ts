// CONTRIBUTING.md, "Layout" and "Names": how files and folders are named, and how long a file may be.
import { test } from "bun:test";
import { basename, dirname } from "node:path";
import { CODE, expectNone, FILES, readSource, SOURCES } from "./sources.ts";

const MAX_LINES = 500;
const MAX_SERVER_LINES = 300;
const TOP_FOLDERS = ["docs", "protocol", "server", "console", "sensor", "harness", "bench", "tests"];
const NOUNS = [
  ...["enrollment", "check-in", "enrollment-tokens", "sensors", "inventory", "assets", "asset-groups"],
  ...["users", "api-keys", "audit", "certificates", "changes"],
];
const DECISIONS = FILES.filter((file) => file.startsWith("docs/decisions/"))
  .map(readSource)
  .join("\n");

const folders = new Set(FILES.flatMap((file) => ancestors(dirname(file))));
const isDecided = (folder: string) => DECISIONS.includes(`\`${folder}/\``);

test("a top-level folder is in the layout or has a decision page", () => {
  const wrong = [...folders].filter(
    (folder) =>
      !folder.includes("/") && !folder.startsWith(".") && !TOP_FOLDERS.includes(folder) && !isDecided(folder),
  );
  expectNone(
    "the folder list names the product: a new folder needs a decision page that names it as `folder/`",
    wrong,
  );
});

test("a folder of the server is a layer, a known noun, or has a decision page", () => {
  const known = ["http", "db", "commands", "testing", ...NOUNS];
  const wrong = [...folders]
    .filter((folder) => /^server\/[^/]+$/.test(folder))
    .filter((folder) => !known.includes(basename(folder)) && !isDecided(folder));
  expectNone("a new noun needs a decision page that names it as `server/noun/`", wrong);
});

test("no folder is named after a technique", () => {
  const names = /^(utils?|helpers?|common|lib|libs|types|services|interfaces|mocks|__mocks__|misc|shared)$/;
  // Here, the word is a category of the inventory.
  const exceptions = ["sensor/collectors/services"];
  const wrong = [...folders].filter((folder) => names.test(basename(folder)) && !exceptions.includes(folder));
  expectNone("such a name says how the files are made, not their purpose, and fits any file", wrong);
});

test("no file is named after a technique", () => {
  const wrong = SOURCES.filter((file) =>
    /(^|-)(managers?|helpers?|utils?|common|misc|stuff)(-|\.)/i.test(kebab(file)),
  );
  expectNone("the name must state the purpose of the file", wrong);
});

test("files are kebab-case, and React components are PascalCase", () => {
  const wrong = SOURCES.filter((file) => {
    const name = basename(file).replace(/(\.test|\.d|\.module)*\.\w+$/, "");
    const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
    const isPascal = /^[A-Z][A-Za-z0-9]*$/.test(name);
    return !isKebab && !(isPascal && file.endsWith(".tsx"));
  });
  expectNone("the name must show what the file exports", wrong);
});

test("a component's file is named after the component", () => {
  const wrong = CODE.filter((file) => file.endsWith(".tsx")).filter((file) => {
    const name = basename(file, ".tsx");
    const exported = [...readSource(file).matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)].map(
      ([, found]) => found,
    );
    const isOnlyAComponent = exported.length === 1 && /^[A-Z][a-z]/.test(exported[0] as string);
    return /^[A-Z]/.test(name) ? !exported.includes(name) : isOnlyAComponent;
  });
  expectNone("a reader who searches for a component types its name", wrong);
});

test("there is no barrel file", () => {
  const wrong = SOURCES.filter(
    (file) => /^index\.(ts|tsx|mjs)$/.test(basename(file)) || /^export \* from/m.test(readSource(file)),
  );
  expectNone("a barrel loads everything for an importer of one thing, and hides where that thing is", wrong);
});

test(`no source file has more than ${MAX_LINES} lines, none of the server more than ${MAX_SERVER_LINES}`, () => {
  // The wiring stays readable as a whole.
  const own: Record<string, number> = { "server/server.ts": 129 };
  const maxOf = (file: string) => own[file] ?? (file.startsWith("server/") ? MAX_SERVER_LINES : MAX_LINES);
  const long = SOURCES.map((file) => ({ file, lines: readSource(file).split("\n").length - 1 }))
    .filter(({ file, lines }) => lines > maxOf(file))
    .map(({ file, lines }) => `${file} has ${lines}`);
  expectNone("a file is one idea, usually 40 to 150 lines", long);
});

function kebab(file: string): string {
  return basename(file).replace(/([a-z])([A-Z])/g, "$1-$2");
}

function ancestors(folder: string): string[] {
  return folder === "." ? [] : [folder, ...ancestors(dirname(folder))];
}
