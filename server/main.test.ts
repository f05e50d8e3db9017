import { expect, spyOn, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explainDatabase } from "./db/explain.ts";
import { main } from "./main.ts";

test("an unknown command, an unusable file or an unusable address is reported in two lines with a hint", async () => {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-main-"));
  const [file, data] = [join(folder, "file"), join(folder, "data")];
  writeFileSync(file, "");
  mkdirSync(join(folder, "odd", "attacklens.db"), { recursive: true });
  const serve = (...args: string[]) => ["serve", "--data", data, "--listen", "127.0.0.1:0", ...args];
  const cases: [string[], string][] = [
    [["bogus"], 'There is no command "bogus"'],
    [[], "Missing command"],
    [["version", "--jsn"], 'Unknown option "--jsn"'],
    [["serve", "--bogus"], "Unknown option '--bogus'"],
    [["user", "create", "--email"], "Option '--email <value>' argument missing"],
    [["ca", "bogus"], 'There is no command "ca bogus"'],
    [["serve", "--data", file], `Can't use ${file}: it is a file, and must be a folder`],
    [["serve", "--data", join(file, "x")], `Can't use ${join(file, "x")}: a part of its path is a file`],
    [["serve", "--data", join(folder, "odd")], "Cannot open the database: attacklens.db in the data folder"],
    [serve("--listen", "192.0.2.1:8080"), "Can't listen on 192.0.2.1:8080: this host does not have"],
    [serve("--listen", "nosuch.invalid:80"), "Can't listen on nosuch.invalid: the host name has no address"],
    [
      serve("--tls-cert", folder, "--tls-key", file),
      `Can't use ${folder}: it is a folder, and must be a file`,
    ],
  ];
  using print = spyOn(console, "error").mockImplementation(() => {});
  for (const [args, message] of cases) {
    expect(await main(args, [])).toBeWithin(1, 3);
    const shown = String(print.mock.lastCall?.[0]);
    expect(shown).toStartWith(`attacklens: ${message}`);
    expect(shown).toMatch(/^[^\n]+\nhint: [^\n]+$/);
    expect(shown).not.toMatch(/\bE[A-Z]{4,}\b|SQLITE|unable to open/);
  }
  rmSync(folder, { recursive: true });
});

test("a database error is explained in a sentence with a hint", () => {
  const codes = [
    "ENOTFOUND",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "28P01",
    "3D000",
    "57P03",
    "53300",
    "25006",
    "42501",
  ];
  for (const code of [
    ...codes,
    "SQLITE_CANTOPEN",
    "SQLITE_BUSY",
    "SQLITE_READONLY_DIRECTORY",
    "SQLITE_FULL",
  ]) {
    const shown = explainDatabase(Object.assign(new Error("raw"), { code }));
    expect([code, shown]).toEqual([code, expect.stringMatching(/^[A-Z][^\n]+\nhint: [^\n]+$/)]);
  }
});

test("help for each command is printed without an error", async () => {
  using print = spyOn(console, "log").mockImplementation(() => {});
  for (const [args, usage] of [
    [["help"], "serve [OPTION]...  "],
    [["serve", "--help"], "serve [OPTION]...\n"],
    [["serve", "--data", "/nowhere", "-h"], "serve [OPTION]...\n"],
    [["user", "create", "--help"], "user list"],
    [["token", "--help"], "token create"],
    [["ca", "rotate", "--help"], "ca show"],
  ] as const) {
    expect(await main([...args], [])).toBe(0);
    const shown = String(print.mock.lastCall?.[0]);
    expect(shown).toStartWith(`Usage:\n  attacklens ${usage}`);
    expect(shown.split("\n").filter((line) => line.length > 100)).toEqual([]);
  }
});
