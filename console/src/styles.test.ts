// The styles of Mantine's components: those that the console uses, and no others. All of them would be twice
// as many, and each page and each change of the theme would match its elements against all of them.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CLASS = /m_[0-9a-f]{5,10}/g;
const core = dirname(fileURLToPath(import.meta.resolve("@mantine/core/styles.css")));

test("styles.css imports the styles of each component of Mantine in use, in Mantine's order", async () => {
  const { outputs } = await Bun.build({ entrypoints: [join(import.meta.dir, "main.tsx")], splitting: true });
  const scripts = await Promise.all(
    outputs.filter(({ kind }) => kind !== "asset").map((output) => output.text()),
  );
  const used = new Set(scripts.join("\n").match(CLASS));
  expect(used.size).toBeGreaterThan(50);

  const all = readFileSync(join(core, "styles.css"), "utf8");
  const expected = readdirSync(join(core, "styles"))
    .filter((file) => !file.endsWith(".layer.css"))
    .map((file) => ({ file, text: readFileSync(join(core, "styles", file), "utf8").trim() }))
    // A file without classes is about the whole page.
    .filter(({ text }) => {
      const classes = text.match(CLASS);
      return classes === null || classes.some((name) => used.has(name));
    })
    .map(({ file, text }) => ({ file, at: all.indexOf(text.slice(0, 200)) }))
    .sort((a, b) => a.at - b.at)
    .map(({ file }) => file);

  const written = readFileSync(join(import.meta.dir, "styles.css"), "utf8");
  const imported = Array.from(
    written.matchAll(/@import "@mantine\/core\/styles\/(.+)";/g),
    ([, file]) => file,
  );
  expect(imported).toEqual(expected);
});
