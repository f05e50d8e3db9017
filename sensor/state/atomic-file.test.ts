import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../testing/test-command.ts";
import { writeFileAtomically } from "./atomic-file.ts";

let folder: ReturnType<typeof makeFolder>;
let path: string;
beforeEach(() => {
  folder = makeFolder();
  path = join(folder.path, "file.json");
});
afterEach(() => folder[Symbol.dispose]());

const modeOf = (file: string) => statSync(file).mode & 0o777;

test("creates a file with mode 0600 and its folders with mode 0700", () => {
  const deep = join(folder.path, "a/b/file.json");
  writeFileAtomically(deep, "one");
  expect(readFileSync(deep, "utf8")).toBe("one");
  expect([deep, join(folder.path, "a/b"), join(folder.path, "a")].map(modeOf)).toEqual([0o600, 0o700, 0o700]);
});

test("replaces a file, sets its mode to 0600, and leaves no temporary file", () => {
  writeFileSync(path, "a much longer text that was there before");
  chmodSync(path, 0o644);
  writeFileAtomically(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(modeOf(path)).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(["file.json"]);
});

test("a process that has the old file open still reads the old text", () => {
  writeFileSync(path, "old");
  const open = openSync(path, "r");
  writeFileAtomically(path, "new");
  expect(readFileSync(open, "utf8")).toBe("old");
  closeSync(open);
});

test("rejects a link and does not change its target", () => {
  const target = join(folder.path, "target");
  writeFileSync(target, "theirs");
  symlinkSync(target, path);
  expect(() => writeFileAtomically(path, "ours")).toThrow("is not a regular file");
  expect(readFileSync(target, "utf8")).toBe("theirs");

  const dangling = join(folder.path, "dangling");
  symlinkSync(join(folder.path, "nowhere"), dangling);
  expect(() => writeFileAtomically(dangling, "ours")).toThrow("is not a regular file");
  expect(existsSync(join(folder.path, "nowhere"))).toBe(false);
});

test("rejects a folder in place of the file", () => {
  mkdirSync(path);
  expect(() => writeFileAtomically(path, "ours")).toThrow("is not a regular file");
});

test("does not write through a link with the name of the temporary file", () => {
  const target = join(folder.path, "target");
  writeFileSync(target, "theirs");
  symlinkSync(target, `${path}.${process.pid}.new`);
  writeFileAtomically(path, "ours");
  expect(readFileSync(target, "utf8")).toBe("theirs");
  expect(readFileSync(path, "utf8")).toBe("ours");
  expect(readdirSync(folder.path).sort()).toEqual(["file.json", "target"]);
});

test("keeps the old file and removes the temporary one if the write fails", () => {
  writeFileSync(path, "old");
  const unwritable = { toString: () => "x" } as unknown as string;
  expect(() => writeFileAtomically(path, unwritable)).toThrow();
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(folder.path)).toEqual(["file.json"]);
});

test("removes temporary files of ended processes, but not of running ones", () => {
  using folder = makeFolder();
  const path = join(folder.path, "identity.json");
  const gone = Bun.spawnSync([process.execPath, "--version"]).pid;
  for (const pid of [gone, process.ppid]) writeFileSync(`${path}.${pid}.new`, "a key");
  writeFileSync(`${path}.old.new`, "not ours");
  writeFileAtomically(path, "content");
  expect(readdirSync(folder.path).sort()).toEqual(
    ["identity.json", `identity.json.${process.ppid}.new`, "identity.json.old.new"].sort(),
  );
});
