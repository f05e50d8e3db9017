// No secret of a host is in what the sensor reports. Each test plants secrets into every file that a
// collector reads, so that a new collector is covered without a change here.
//
// What is a fact by design has no secret: the one value of a file that is nothing else (a hostname, a serial
// number), the names of packages, units, tasks, accounts and files, and the paths of programs.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeMachine } from "../testdata/unpack-machine.ts";
import { LINES, ONE_VALUE, openSecrets, plant, type Secrets } from "../testing/plant-secrets.ts";
import { collectWatched, reportOf } from "../testing/watch-files.ts";

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

function write(path: string, content: string | Uint8Array, encoding: BufferEncoding = "utf8"): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, encoding);
}

/** Returns the paths of the files that have secrets now. */
function plantAll(root: string, paths: Iterable<string>, secrets: Secrets): string[] {
  return [...paths].filter((path) => {
    const place = join(root, path);
    // The target of a link is below the root in these machines, or is not there.
    if (!isFile(place) || ONE_VALUE.test(path)) return false;
    write(place, plant(readFileSync(place), path, secrets));
    return true;
  });
}

describe.each(["secrets", "debian-12", "alpine-3.20", "rocky-9", "amazon-2", "macos-14"])(
  "on the machine %s",
  (name) => {
    test("no secret in a file that a collector reads is in the report", async () => {
      using machine = makeMachine(name);
      const { root } = machine;
      const secrets = openSecrets();
      const before = await collectWatched(root);
      const asked = [...before.read, ...before.lines];
      for (const place of asked.map((path) => join(root, path)).filter(isFile))
        write(place, secrets.fill(readFileSync(place, "latin1"), place), "latin1");
      const own = await reportOf(root, await collectWatched(root));
      expect(secrets.listIn(own)).toEqual([]);
      // The place of a secret in a file that was read without being watched.
      expect(own).not.toContain("SECRET");
      const planted = plantAll(root, before.read, secrets);
      expect(planted.length).toBeGreaterThan(3);
      const after = await collectWatched(root);
      // The secrets do not keep the collectors from the file: they would prove nothing.
      const missed = [...after.read].filter((path) => isFile(join(root, path)) && !planted.includes(path));
      plantAll(root, missed, secrets);
      const last = await collectWatched(root);
      expect(secrets.listIn(await reportOf(root, last))).toEqual([]);
      for (const [at, [category, { status }]] of before.results.entries())
        if (status === "collected")
          expect([category, last.results[at]?.[1].status]).toEqual([category, status]);
      expect(secrets.count()).toBeGreaterThan(100);
    });
  },
);

test("no secret is in the report if every file exists that a collector looks for", async () => {
  using machine = makeMachine("secrets");
  const { root } = machine;
  const secrets = openSecrets();
  const made = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const { read, lines, listed } = await collectWatched(root);
    for (const path of listed) for (const name of NAMES) addFile(`${path}/${name}`);
    for (const path of read) if (!lines.has(path)) addFile(path);
  }
  expect(made.size).toBeGreaterThan(500);
  expect(secrets.listIn(await reportOf(root, await collectWatched(root)))).toEqual([]);

  function addFile(path: string): void {
    const place = join(root, path);
    if (made.size >= MAX_FILES || existsSync(place) || NOT_WRITTEN.test(path)) return;
    try {
      write(place, secrets.fill(LINES, path));
      made.add(path);
    } catch {
      // A file is where its folder would be.
    }
  }
});

const ROUNDS = 2;
const MAX_FILES = 3_000;
/** The kernel writes them, or their records have a fixed length, so that a text in them is not understood. */
const NOT_WRITTEN = /^\/(?:proc|sys)\/|^\/var\/log\/(?:lastlog|wtmp)$/;
/** In a folder, a collector takes the files whose names end as it expects. */
const NAMES = "x x.conf x.cnf x.service x.rules x.xml x.json x.pem x.gemspec".split(" ");
