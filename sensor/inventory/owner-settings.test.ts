import { expect, test } from "bun:test";
import { join } from "node:path";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { makePipe } from "../testing/test-command.ts";
import { parseOwnerSettings, readOwnerSettings, uncollectedByOwner } from "./owner-settings.ts";

const PATH = "/etc/attacklens-sensor.toml";

test("the owner switches categories off", () => {
  using host = makeRoot(`-- ${PATH}\n# Not these:\n[inventory]\nswitched-off = ["users", 'ports']\n`);
  const settings = readOwnerSettings(host.root, PATH);
  expect(settings).toEqual({ path: PATH, switchedOff: ["users", "ports"] });
  expect(uncollectedByOwner(settings)).toEqual({
    users: { status: "switched-off" },
    ports: { status: "switched-off" },
  });
});

test.each(["", "# nothing\n", "[inventory]\n", "[inventory]\r\nswitched-off = []\r\n"])(
  "nothing is switched off by %j",
  (text) => {
    expect(parseOwnerSettings(text)).toEqual([]);
  },
);

test("without the file, nothing is switched off", () => {
  using host = makeRoot("-- /etc/\n");
  expect(readOwnerSettings(host.root, PATH)).toEqual({ path: PATH, switchedOff: [] });
});

test.each([
  ['[inventory]\nswitched-off = ["user"]', 'the category "user" is unknown: use packages, services, '],
  ["[inventory]\nswitched-off = [7]", "the category 7 is unknown"],
  ['[inventory]\nswitched-off = "users"', "inventory.switched-off is not a list"],
  ['[inventory]\nswitched_off = ["users"]', "the setting inventory.switched_off is unknown: use inventory."],
  ['switched-off = ["users"]', "the setting switched-off is unknown: use inventory"],
  ["inventory = 7", "inventory is not a table"],
  ["[inventory", "not valid TOML: "],
  ["[inventory]\nswitched-off = []\n[inventory]\n", "Cannot redefine"],
])("rejects %p, with the reason", (text, reason) => {
  expect(() => parseOwnerSettings(text)).toThrow(reason);
});

test("quotes nothing of a file that is not TOML: it may be a password", () => {
  for (const text of ["password = planted", "x = [planted", "a = 1 planted", "planted"])
    expect(() => parseOwnerSettings(text)).toThrow(/^not valid TOML: (?!.*planted)/);
});

test("rejects a file that is nested too deep", () => {
  expect(() => parseOwnerSettings(`a = ${"[".repeat(60_000)}`)).toThrow("not valid TOML");
});

test("collects nothing if the file cannot be used: it may switch off any category", async () => {
  using host = makeRoot("-- /etc/\n");
  const file = join(host.root, PATH);
  const problemOf = () => {
    const settings = readOwnerSettings(host.root, PATH);
    const results = uncollectedByOwner(settings);
    expect(Object.keys(results)).toEqual([...CATEGORIES]);
    for (const result of Object.values(results)) expect(result).toMatchObject({ status: "failed" });
    return settings.problem;
  };
  makePipe(file);
  expect(problemOf()).toBe(
    `cannot use the settings of the host's owner in ${PATH}: Cannot read ${PATH}: not a regular file`,
  );
  for (const content of ["x".repeat(70_000), "[inventory]\nx = 1", new Uint8Array([0xc3, 0x28])]) {
    await Bun.file(file).delete();
    await Bun.write(file, content);
    expect(problemOf()).toStartWith(`cannot use the settings of the host's owner in ${PATH}: `);
  }
});

test("reads UTF-16, as PowerShell writes it", async () => {
  using host = makeRoot("-- /etc/\n");
  const text = '\ufeff[inventory]\r\nswitched-off = ["users"]\r\n';
  await Bun.write(join(host.root, PATH), Buffer.from(text, "utf16le"));
  expect(readOwnerSettings(host.root, PATH)).toEqual({ path: PATH, switchedOff: ["users"] });
});
