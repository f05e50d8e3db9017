// attacklens releases, from the keys of a publisher to the release that a server offers.
import { expect, spyOn, test } from "bun:test";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { main } from "../main.ts";

/** Runs a command of this process. Returns its exit code and what it printed. */
async function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  using log = spyOn(console, "log").mockImplementation(() => {});
  using error = spyOn(console, "error").mockImplementation(() => {});
  const code = await main(["releases", ...args], []);
  // The test runner sets variables that the program reports and ignores.
  const text = (calls: unknown[][]) =>
    calls
      .map(([line]) => String(line))
      .filter((line) => !line.includes(": ignored BUN_"))
      .join("\n");
  return { code, out: text(log.mock.calls), error: text(error.mock.calls) };
}

const ran = async (...args: string[]): Promise<string> => {
  const { code, out, error } = await run(...args);
  expect({ code, error }).toEqual({ code: 0, error: "" });
  return out;
};

/** The keys of a publisher, and a folder with programs. */
async function openPublisher() {
  const folder = openTemporaryFolder("publisher");
  const at = (name: string) => join(folder.path, name);
  const rootKey = await ran("new-key", at("root.pem"));
  const releaseKey = await ran("new-key", at("release.pem"));
  await ran("sign-keys", "--root", at("root.pem"), "--serial", "1", "--out", at("keys.json"), releaseKey);
  writeFileSync(at("roots.json"), JSON.stringify({ rootKeys: [rootKey] }));
  for (const name of ["dist", "data"]) mkdirSync(at(name));
  const names = [
    "attacklens-linux-x64",
    "attacklens-sensor-linux-x64-musl",
    "attacklens-sensor-windows-x64.exe",
  ];
  for (const name of [...names, "attacklens", "SHA256SUMS"]) writeFileSync(join(at("dist"), name), name);
  const keys = ["--key", at("release.pem"), "--keys", at("keys.json")];
  return { at, rootKey, releaseKey, keys, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

test("a publisher makes keys, signs a release, and a server that trusts the root key offers it", async () => {
  using publisher = await openPublisher();
  const { at, keys, rootKey } = publisher;
  const signed = await ran("sign", ...keys, "--counter", "3", at("dist"));
  expect(signed.split("\n").map((line) => line.replace(/^[0-9a-f]{64} {2}/, ""))).toEqual([
    "attacklens-linux-x64",
    "attacklens-sensor-linux-x64-musl",
    "attacklens-sensor-windows-x64.exe",
    expect.stringMatching(/manifest\.json: release \d{4}\.\d+\.\d+, counter 3, until \d{4}-/),
  ]);
  const data = ["--data", at("data")];
  expect(await ran("list", ...data)).toBe("No release is stored. attacklens releases add FOLDER adds one.");
  const refused = await run("add", ...data, at("dist"));
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.error).toMatch(
    /^attacklens: Cannot use the release: no root key is trusted here\nhint: .*trust FILE$/,
  );
  expect(await ran("trust", ...data, at("roots.json"))).toBe(`trusted from now on: ${rootKey}`);
  expect(await ran("trust", ...data, at("roots.json"))).toBe("all of these keys were trusted before");
  expect(await ran("add", ...data, at("dist"))).toContain("(counter 3): 3 added");
  expect(await ran("add", ...data, at("dist"))).toContain("(counter 3): 0 added, 3 stored before");
  expect(await ran("list", ...data)).toContain("(counter 3): offered to new hosts");
  expect(JSON.parse(await ran("list", ...data, "--json"))).toMatchObject([{ counter: 3, isCurrent: true }]);
  expect(await ran("remove", ...data, "3")).toBe("removed the release with the counter 3");
  expect((await run("remove", ...data, "3")).code).toBe(1);
});

test("a private key is in a new file for its owner only, and in no output", async () => {
  using publisher = await openPublisher();
  const path = publisher.at("release.pem");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const pem = readFileSync(path, "utf8");
  const secret = pem.split("\n")[1]!;
  expect(createPublicKey(pem).export({ format: "jwk" }).x).toBe(publisher.releaseKey);
  const again = await run("new-key", path);
  expect(again).toMatchObject({ code: 1, out: "" });
  expect(again.error).toContain("exists already");
  expect(readFileSync(path, "utf8")).toBe(pem);
  const signed = await run("sign", ...publisher.keys, "--counter", "1", publisher.at("dist"));
  for (const name of ["keys.json", "dist/manifest.json"])
    expect(readFileSync(publisher.at(name), "utf8")).not.toContain(secret);
  expect(signed.out + again.error).not.toContain(secret);
});

test("a key that is none, is of another kind, or is not listed signs nothing", async () => {
  using publisher = await openPublisher();
  const { at, keys } = publisher;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(at("ec.pem"), privateKey.export({ format: "pem", type: "pkcs8" }));
  writeFileSync(at("text.pem"), "a secret that is no key");
  await ran("new-key", at("other.pem"));
  for (const [name, reason] of [
    ["ec.pem", "it is not an Ed25519 key"],
    ["text.pem", "it is not a private key in PEM"],
    ["other.pem", "the key is not among the release keys"],
    ["root.pem", "the key is not among the release keys"],
  ] as const) {
    const { code, error } = await run("sign", ...keys.with(1, at(name)), "--counter", "1", at("dist"));
    expect(code).toBe(1);
    expect(error).toContain(reason);
    expect(error).not.toContain("a secret");
  }
  expect(readdirSync(at("dist"))).not.toContain("manifest.json");
});

test.each([
  [[], "releases needs a command"],
  [["bogus"], 'There is no command "releases bogus"'],
  [["add"], "releases add needs a folder or files"],
  [["add", "--bogus", "x"], "Unknown option '--bogus'"],
  [["remove"], "the command takes one name, and 0 were given"],
  [["list", "x"], "the command takes no name, and 1 were given"],
  [["new-key"], "the command takes one FILE for the private key"],
  [["sign", "--key", "x"], "--counter is required"],
  [["sign", "--counter", "0"], "--counter must be a whole number from 1"],
  [["sign", "--counter", "1.5"], "--counter must be a whole number from 1"],
  [
    ["sign-keys", "--serial", "1", "--days", "9999", "--out", "x"],
    "--days must be a whole number from 1 to 3650",
  ],
  [["sign-keys", "--serial", "1", "--out", "x", "key"], "--root is required"],
  [
    ["sign-keys", "--serial", "1", "--out", "x", "--root", "y", "key"],
    '"key" is not a public key of new-key',
  ],
] as [string[], string][])("%p is a usage error", async (args, message) => {
  const { code, out, error } = await run(...args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(error).toStartWith(`attacklens: ${message}`);
  expect(error).toMatch(/^[^\n]+\nhint: [^\n]+$/);
});

test("a file that cannot be read is named, with a hint", async () => {
  using publisher = await openPublisher();
  const { at, keys } = publisher;
  for (const args of [
    ["sign", ...keys.with(1, at("missing.pem")), "--counter", "1", at("dist")],
    ["sign", ...keys.with(3, at("missing.json")), "--counter", "1", at("dist")],
    ["sign", ...keys, "--counter", "1", "--out", at("m.json"), at("attacklens-sensor-linux-x64")],
    ["trust", "--data", at("data"), at("missing.json")],
    ["trust", "--data", at("data"), at("keys.json")],
    ["add", "--data", at("missing"), at("dist")],
  ]) {
    const { code, error } = await run(...args);
    expect(code).toBe(1);
    expect(error).toMatch(/^attacklens: [^\n]+\nhint: [^\n]+$/);
    expect(error).not.toMatch(/ENOENT/);
  }
});
