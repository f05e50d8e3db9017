import { expect, test } from "bun:test";
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { isUnchanged, openSeenFiles } from "./seen-files.ts";

const later = () => Date.now() + 60_000;
const isLocal = () => true;

function openHost() {
  const folder = openTemporaryFolder("seen");
  const at = (name: string) => join(folder.path, name);
  mkdirSync(at("conf.d"));
  writeFileSync(at("conf.d/a"), "one");
  writeFileSync(at("conf.d/b"), "two");
  symlinkSync("conf.d/a", at("current"));
  const seen = openSeenFiles("/", later);
  for (const name of ["conf.d", "conf.d/a", "current", "missing", "missing/deeper"]) seen.add(at(name));
  return { at, seen: seen.list(isLocal), [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

test("untouched files are unchanged", () => {
  using host = openHost();
  expect(host.seen && isUnchanged(host.seen)).toBe(true);
});

test.each<[string, (at: (name: string) => string) => void]>([
  ["a file of the same size has other content", (at) => writeFileSync(at("conf.d/a"), "two")],
  [
    "another file took its place",
    (at) => {
      linkSync(at("conf.d/b"), at("conf.d/c"));
      renameSync(at("conf.d/c"), at("conf.d/a"));
    },
  ],
  ["a file was added to a folder", (at) => writeFileSync(at("conf.d/c"), "")],
  ["a file was removed", (at) => rmSync(at("conf.d/a"))],
  [
    "a link has another target",
    (at) => {
      rmSync(at("current"));
      symlinkSync("conf.d/b", at("current"));
    },
  ],
  ["a missing file exists", (at) => writeFileSync(at("missing"), "")],
])("notices that %s", (_, change) => {
  using host = openHost();
  change(host.at);
  expect(host.seen && isUnchanged(host.seen)).toBe(false);
});

test("a file that changed at about the time of reading is read again", () => {
  using folder = openTemporaryFolder("seen");
  const path = join(folder.path, "a");
  writeFileSync(path, "");
  const seen = openSeenFiles("/");
  seen.add(path);
  expect(seen.list(isLocal)).toBeUndefined();
});

test("does not compare files of the kernel, and not too many", () => {
  const kernel = openSeenFiles("/mnt/host", later);
  for (const path of ["/mnt/host/proc/1/status", "/mnt/host/sys/class/net"]) kernel.add(path);
  expect(kernel.list(isLocal)?.paths).toEqual([]);
  const ended = openSeenFiles("/", later);
  ended.add(`/proc/${process.pid}`);
  expect(ended.list(isLocal)).toMatchObject({ paths: [`/proc/${process.pid}`] });
  const many = openSeenFiles("/", later);
  for (let index = 0; index < 20_001; index++) many.add(`/nonexistent/${index}`);
  expect(many.list(isLocal)).toBeUndefined();
});
