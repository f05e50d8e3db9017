// The releases that a server stores and refuses. Kills and a full disk leave what was offered before.
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { openTestReleases, SENSOR_FILE } from "../testing/test-release.ts";
import { addRelease } from "./add-release.ts";
import { listReleases, removeRelease } from "./manage-releases.ts";

const ARM = "attacklens-sensor-linux-arm64";
const FILES = { [SENSOR_FILE]: "x64 program\n", [ARM]: "arm64 program\n" };

const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "accepted",
    (error: Error) => error.message,
  );

const offeredBy = async (dataDir: string) =>
  (await listReleases(dataDir)).map(({ counter, files, isCurrent }) => [
    counter,
    files.map(({ name }) => name).join(),
    isCurrent,
  ]);

test("a release of a trusted publisher is stored, and others may read it", async () => {
  using test = openTestReleases();
  const { folder } = await test.offer({ files: FILES });
  expect(await offeredBy(test.dataDir)).toEqual([[1, `${ARM},${SENSOR_FILE}`, true]]);
  const stored = join(test.dataDir, "releases", "1");
  expect(readFileSync(join(stored, SENSOR_FILE), "utf8")).toBe("x64 program\n");
  expect(readdirSync(stored).toSorted()).toEqual([ARM, SENSOR_FILE, "manifest.json"]);
  expect(statSync(stored).mode & 0o777).toBe(0o755);
  expect(statSync(join(stored, SENSOR_FILE)).mode & 0o777).toBe(0o644);
  const again = await test.add(folder);
  expect([again.added.length, again.present.length]).toEqual([0, 2]);
});

test("files can be added later, other files in the folder do not matter, and a damaged file is replaced", async () => {
  using test = openTestReleases();
  test.trust();
  const { folder } = test.publish({ files: FILES });
  writeFileSync(join(folder, "attacklens"), "not in the release");
  const manifest = join(folder, "manifest.json");
  await test.add(manifest, join(folder, ARM));
  expect(await offeredBy(test.dataDir)).toEqual([[1, ARM, true]]);
  const damaged = join(test.dataDir, "releases", "1", ARM);
  writeFileSync(damaged, "ARM64 program\n");
  const { added } = await test.add(folder);
  expect(added.map(({ name }) => name)).toEqual([ARM, SENSOR_FILE]);
  expect(readFileSync(damaged, "utf8")).toBe("arm64 program\n");
  expect(readdirSync(join(test.dataDir, "releases")).toSorted()).toEqual([
    "1",
    "accepted.json",
    "trusted-keys.json",
  ]);
});

describe("nothing is stored when", () => {
  async function refused(change: (folder: string) => string[] | undefined): Promise<string> {
    using test = openTestReleases();
    test.trust();
    const { folder } = test.publish({ files: FILES });
    const sources = change(folder) ?? [folder];
    const message = await messageOf(test.add(...sources));
    expect(await listReleases(test.dataDir)).toEqual([]);
    expect(message).toContain("\nhint: ");
    return message;
  }

  test("one byte of a file differs", async () => {
    const message = await refused((folder) => {
      writeFileSync(join(folder, ARM), "arm64 prograM\n");
      return undefined;
    });
    expect(message).toMatch(/its SHA-256 is [0-9a-f]{64}, and the signed manifest says [0-9a-f]{64}/);
  });

  test("a file is longer or shorter", async () => {
    for (const content of ["", "arm64 program\n\n"])
      expect(
        await refused((folder) => {
          writeFileSync(join(folder, ARM), content);
          return undefined;
        }),
      ).toContain(`it has ${content.length} bytes, and the signed manifest says 14`);
  });

  test("a file is not in the release, or is none", async () => {
    expect(
      await refused((folder) => {
        writeFileSync(join(folder, "other"), "");
        return [join(folder, "manifest.json"), join(folder, "other")];
      }),
    ).toContain("release 2026.11.0 has no file other");
    expect(
      await refused((folder) => {
        rmSync(join(folder, ARM));
        mkdirSync(join(folder, ARM));
        return [join(folder, "manifest.json"), join(folder, ARM)];
      }),
    ).toContain("none of its 2 files");
  });

  test("there is no manifest, or there are two, or no file", async () => {
    expect(await refused((folder) => [join(folder, ARM)])).toContain("there is no manifest.json");
    expect(await refused((folder) => [folder, folder])).toContain("there are 2 of manifest.json");
    expect(await refused((folder) => [join(folder, "manifest.json")])).toContain("none of its 2 files");
  });

  test("the data folder does not exist", async () => {
    using test = openTestReleases();
    const { folder } = test.publish();
    const options = { dataDir: join(test.folder, "typo"), sources: [folder], now: Date.now() };
    expect(await messageOf(addRelease(options))).toContain("does not exist");
    expect(readdirSync(test.folder)).not.toContain("typo");
  });
});

test("a release of an unknown publisher is refused until its root key is trusted", async () => {
  using test = openTestReleases();
  const { folder } = test.publish();
  expect(await messageOf(test.add(folder))).toContain("no root key is trusted here");
  expect(test.trust()).toHaveLength(1);
  expect(test.trust()).toHaveLength(0);
  expect(await messageOf(test.add(folder))).toBe("accepted");
});

test("an older counter, older release keys, and an expired release are refused, also after a removal", async () => {
  using test = openTestReleases();
  await test.offer({ version: "2026.11.1", counter: 5, keySerial: 2 });
  expect(await messageOf(test.add(test.publish({ counter: 4, keySerial: 2 }).folder))).toContain(
    "its counter is 4",
  );
  expect(await messageOf(test.add(test.publish({ counter: 6, keySerial: 1 }).folder))).toContain("serial");
  await removeRelease(test.dataDir, "2026.11.1");
  expect(await listReleases(test.dataDir)).toEqual([]);
  expect(await messageOf(test.add(test.publish({ counter: 4, keySerial: 2 }).folder))).toContain(
    "its counter is 4",
  );
  const expired = { counter: 6, keySerial: 2, createdAt: Date.now() - 9_000, expiresAt: Date.now() - 1 };
  expect(await messageOf(test.add(test.publish(expired).folder))).toContain("expired at");
});

test("another release with the same counter is refused, and the same one with renewed signatures replaces it", async () => {
  using test = openTestReleases();
  const { folder, release } = await test.offer();
  const other = test.publish({ files: { [SENSOR_FILE]: "another\n" } });
  expect(await messageOf(test.add(other.folder))).toContain("another release with the counter 1 is stored");
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(release, null, 2));
  await test.add(folder);
  const stored = readFileSync(join(test.dataDir, "releases", "1", "manifest.json"), "utf8");
  expect(stored).toBe(JSON.stringify(release, null, 2));
});

test("the newest counter is current, and removing it brings the one before back", async () => {
  using test = openTestReleases();
  await test.offer({ counter: 1 });
  await test.offer({ version: "2026.11.1", counter: 2 });
  expect(await offeredBy(test.dataDir)).toEqual([
    [2, SENSOR_FILE, true],
    [1, SENSOR_FILE, false],
  ]);
  expect(await removeRelease(test.dataDir, "2")).toEqual([2]);
  expect(await offeredBy(test.dataDir)).toEqual([[1, SENSOR_FILE, true]]);
  expect(await messageOf(removeRelease(test.dataDir, "2"))).toContain("it is not stored");
  expect(await messageOf(removeRelease(test.dataDir, "../data"))).toContain("it is not stored");
});

test("a stored release whose key is no longer trusted is shown with the reason", async () => {
  using test = openTestReleases();
  await test.offer();
  rmSync(join(test.dataDir, "releases", "trusted-keys.json"));
  const [release] = await listReleases(test.dataDir);
  expect(release).toMatchObject({ counter: 1, isCurrent: false, problem: "no root key is trusted here" });
});

test("a link on the stick is followed, and a device is not read", async () => {
  using test = openTestReleases();
  test.trust();
  const { folder } = test.publish();
  const stick = join(test.folder, "stick");
  mkdirSync(stick);
  copyFileSync(join(folder, "manifest.json"), join(stick, "manifest.json"));
  symlinkSync(join(folder, SENSOR_FILE), join(stick, SENSOR_FILE));
  await test.add(stick);
  const odd = join(test.folder, "odd");
  mkdirSync(odd);
  symlinkSync("/dev/zero", join(odd, "manifest.json"));
  expect(await messageOf(test.add(join(odd, "manifest.json"), join(folder, SENSOR_FILE)))).toContain(
    "it is not a regular file",
  );
});

const isRoot = process.platform === "linux" && process.getuid?.() === 0;

test.skipIf(!isRoot)("a full disk is named, and the release before stays", async () => {
  using test = openTestReleases();
  const disk = join(test.folder, "disk");
  mkdirSync(disk);
  await runCommand(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
  try {
    const small = test.publish({ counter: 1 });
    const big = test.publish({ counter: 2, files: { [SENSOR_FILE]: new Uint8Array(2_000_000) } });
    mkdirSync(join(disk, "releases"));
    test.trust();
    copyFileSync(join(test.dataDir, "releases/trusted-keys.json"), join(disk, "releases/trusted-keys.json"));
    const add = (folder: string) => addRelease({ dataDir: disk, sources: [folder], now: Date.now() });
    await add(small.folder);
    expect(await messageOf(add(big.folder))).toMatch(/the disk of .* is full\nhint: free 2 MB there/);
    expect(await offeredBy(disk)).toEqual([[1, SENSOR_FILE, true]]);
    expect(readdirSync(join(disk, "releases")).filter((name) => name.startsWith("."))).toEqual([]);
    // Nothing was accepted, so the same counter can be used.
    expect(JSON.parse(readFileSync(join(disk, "releases/accepted.json"), "utf8")).counter).toBe(1);
  } finally {
    await runCommand(["umount", disk]);
  }
});

/** Runs the command and kills it as soon as a file of an unfinished release appears. */
async function addAndKill(dataDir: string, folder: string): Promise<void> {
  const code = `import { addRelease } from ${JSON.stringify(join(import.meta.dir, "add-release.ts"))};
await addRelease({ dataDir: process.argv[1], sources: [process.argv[2]], now: Date.now(),
  onFile: (file) => { if (file.name === ${JSON.stringify(SENSOR_FILE)}) process.kill(process.pid, "SIGKILL"); } });`;
  const { code: exit } = await runCommand([process.execPath, "-e", code, dataDir, folder]);
  expect(exit).toBe(137);
}

test("a command that is killed leaves what was offered before, and the next one cleans up", async () => {
  using test = openTestReleases();
  await test.offer({ counter: 1, files: FILES });
  const { folder } = test.publish({ counter: 2, files: FILES });
  await addAndKill(test.dataDir, folder);
  const names = readdirSync(join(test.dataDir, "releases"));
  expect(names.filter((name) => name.startsWith(".new-"))).toHaveLength(2);
  expect((await offeredBy(test.dataDir))[0]).toEqual([1, `${ARM},${SENSOR_FILE}`, true]);
  await test.add(folder);
  expect((await offeredBy(test.dataDir))[0]).toEqual([2, `${ARM},${SENSOR_FILE}`, true]);
  expect(readdirSync(join(test.dataDir, "releases")).filter((name) => name.startsWith("."))).toEqual([]);
});

test("two commands that add the same release at once store it once", async () => {
  using test = openTestReleases();
  test.trust();
  const { folder } = test.publish({ files: FILES });
  const results = await Promise.all([messageOf(test.add(folder)), messageOf(test.add(folder))]);
  expect(results).toContain("accepted");
  expect(await offeredBy(test.dataDir)).toEqual([[1, `${ARM},${SENSOR_FILE}`, true]]);
});

test("numbers that were accepted and cannot be read stop the command", async () => {
  using test = openTestReleases();
  const { folder } = await test.offer();
  appendFileSync(join(test.dataDir, "releases/accepted.json"), "}");
  expect(await messageOf(test.add(folder))).toContain("accepted.json: it does not have the highest counter");
});
