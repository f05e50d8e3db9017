import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { absentText, SETTINGS, type Setting } from "./settings.ts";

const PAGE = join(import.meta.dir, "../docs/operate.md");
const TABLE = /^\| Option \| Variable \|.*\n(?:\|.*\n)+/m;

function settingsTable(): string {
  const rows = Object.values<Setting>(SETTINGS).map((setting) => {
    const { flag, variable, value, help } = setting;
    const option = flag === undefined ? "" : `\`--${flag} ${value.replaceAll("|", "\\|")}\``;
    return `| ${option} | \`${variable}\` | ${marked(help)} | ${marked(absentText(setting))} |`;
  });
  return `${["| Option | Variable | Description | Default |", "|---|---|---|---|", ...rows].join("\n")}\n`;
}

/** Formats flags, variables and values as code. */
function marked(text: string): string {
  return text.replace(
    /--[a-z-]+|\b[A-Z]+_[A-Z_]+\b|\?pool=N|\/metrics|X-Forwarded-For|~\/\.attacklens|^[\d.:]+$|^info$/g,
    "`$&`",
  );
}

test("the table of settings in docs/operate.md has the rows of settings.ts (UPDATE_DOCS=1 writes it)", () => {
  const page = readFileSync(PAGE, "utf8");
  const table = settingsTable();
  if (process.env.UPDATE_DOCS)
    writeFileSync(
      PAGE,
      page.replace(TABLE, () => table),
    );
  else expect(TABLE.exec(page)?.[0]).toBe(table);
});

test("each option and each variable appears in one row", () => {
  const rows = Object.values<Setting>(SETTINGS);
  const names = rows.flatMap(({ flag, variable }) => (flag === undefined ? [variable] : [flag, variable]));
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});

test("a default is a valid value of its setting", () => {
  for (const [name, { default: value, schema }] of Object.entries<Setting>(SETTINGS))
    if (value !== undefined) expect([name, schema.safeParse(value).success]).toEqual([name, true]);
});
