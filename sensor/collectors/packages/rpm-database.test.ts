// rpm's database in each of its formats, and what a damaged or hostile one costs.
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { drawnCases } from "../../../harness/long-tests.ts";
import { makeBerkeleyDb, makeNdb, makeRpmPackage, writeSqlite } from "../../../harness/rpm-databases.ts";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { LIMITS } from "../budget.ts";
import { openHostFiles } from "../host-files.ts";
import { collectPackages } from "./packages.ts";

const FILES = { sqlite: "rpmdb.sqlite", ndb: "Packages.db", bdb: "Packages" } as const;
type Format = keyof typeof FILES;
const FORMATS = Object.keys(FILES) as Format[];

/** A host with an os-release only. */
const emptyHost = () => makeRoot("-- /etc/os-release\nID=fedora\nVERSION_ID=41\n");

async function writeDatabase(root: string, folder: string, format: Format, blobs: readonly Uint8Array[]) {
  const path = join(root, folder, FILES[format]);
  await mkdir(dirname(path), { recursive: true });
  if (format === "sqlite") writeSqlite(path, blobs).close();
  else writeFileSync(path, format === "ndb" ? makeNdb(blobs) : makeBerkeleyDb(blobs));
  return path;
}

function collect(root: string, limits = LIMITS) {
  const files = openHostFiles(root, limits);
  return { names: [...collectPackages(files)].map(({ name }) => name), gaps: files.listGaps() };
}

const RUNS = drawnCases(400);

/** Longer than a page of each format, so that its end is elsewhere. */
const LONG = { vendor: "v".repeat(70_000) };

test.each(["sqlite", "ndb"] as const)("of long headers in %s, only the start is read", async (format) => {
  using host = emptyHost();
  const blobs = Array.from({ length: 100 }, (_, nth) =>
    Buffer.concat([makeRpmPackage(`p${nth}`), Buffer.alloc(100_000)]),
  );
  await writeDatabase(host.root, "var/lib/rpm", format, blobs);
  const { names, gaps } = collect(host.root, { ...LIMITS, bytes: 4 * 1024 * 1024 });
  expect({ count: names.length, gaps }).toEqual({ count: 100, gaps: [] });
});

describe.each(FORMATS)("%s", (format) => {
  test("returns each package, and none for a key", async () => {
    using host = emptyHost();
    const blobs = [
      makeRpmPackage("a", { ...LONG, epoch: 1, sourceRpm: "src-2-3.src.rpm", modularityLabel: "m:1:2:3" }),
      makeRpmPackage("gpg-pubkey"),
      makeRpmPackage("b"),
    ];
    await writeDatabase(host.root, "/var/lib/rpm", format, blobs);
    const [first, second, ...rest] = [...collectPackages(openHostFiles(host.root))];
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      key: "rpm:a:noarch",
      version: "1:1-1",
      source: "src",
      sourceVersion: "1:2-3",
      module: "m:1:2:3",
      purl: "pkg:rpm/fedora/a@1-1?arch=noarch&distro=fedora-41&epoch=1",
    });
    expect(second?.name).toBe("b");
  });

  test("a damaged header costs one package", async () => {
    using host = emptyHost();
    const broken = makeRpmPackage("broken").fill(255, 0, 8);
    const blobs = [makeRpmPackage("a"), broken, makeRpmPackage("b")];
    const path = await writeDatabase(host.root, "/var/lib/rpm", format, blobs);
    const { names, gaps } = collect(host.root);
    expect(names).toEqual(["a", "b"]);
    expect(gaps).toEqual([
      {
        kind: "damaged",
        subject: path.slice(host.root.length),
        reason: "an RPM header is longer than its record",
      },
    ]);
  });

  test("a database that is cut short anywhere is a gap, and no more", async () => {
    using host = emptyHost();
    const path = await writeDatabase(host.root, "/var/lib/rpm", format, [
      makeRpmPackage("a", { vendor: "v".repeat(1_000) }),
      makeRpmPackage("b", { vendor: "v".repeat(6_000) }),
      makeRpmPackage("c"),
    ]);
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (length) => {
        writeFileSync(path, whole.subarray(0, length));
        const files = openHostFiles(host.root);
        try {
          const names = [...collectPackages(files)].map(({ name }) => name);
          expect(names.every((name) => ["a", "b", "c"].includes(name))).toBe(true);
          expect(names.length === 3 || files.listGaps().length > 0).toBe(true);
        } catch (error) {
          expect((error as Error).message).toStartWith(`Cannot read ${path.slice(host.root.length)}: `);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("any damage is a gap, and no more", async () => {
    using host = emptyHost();
    const path = await writeDatabase(host.root, "/var/lib/rpm", format, [
      makeRpmPackage("a", { vendor: "v".repeat(5_000) }),
      makeRpmPackage("b"),
    ]);
    const whole = readFileSync(path);
    const place = fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: whole.length - 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 12 }), (changes) => {
        const damaged = Buffer.from(whole);
        for (const [at, byte] of changes) damaged[at] = byte;
        writeFileSync(path, damaged);
        try {
          [...collectPackages(openHostFiles(host.root))];
        } catch (error) {
          expect((error as Error).message).toMatch(/^(Cannot read \/var\/lib\/rpm\/|no database)/);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

test("a Berkeley DB file of the other byte order is read", async () => {
  using host = emptyHost();
  const path = await writeDatabase(host.root, "/var/lib/rpm", "bdb", []);
  writeFileSync(path, makeBerkeleyDb([makeRpmPackage("a", LONG)], false));
  expect(collect(host.root).names).toEqual(["a"]);
});

describe("with several databases", () => {
  test.each(FORMATS)("the first folder wins with its database in %s", async (format) => {
    for (const other of FORMATS) {
      using host = emptyHost();
      await writeDatabase(host.root, "/usr/lib/sysimage/rpm", format, [makeRpmPackage("new")]);
      await writeDatabase(host.root, "/var/lib/rpm", other, [makeRpmPackage("old")]);
      expect(collect(host.root)).toEqual({ names: ["new"], gaps: [] });
    }
  });

  test("the folder of the macro %_dbpath is the first one", async () => {
    using host = emptyHost();
    await writeDatabase(host.root, "/usr/lib/sysimage/rpm", "ndb", [makeRpmPackage("old")]);
    await writeDatabase(host.root, "/var/lib/rpm", "sqlite", [makeRpmPackage("new")]);
    await mkdir(join(host.root, "usr/lib/rpm"), { recursive: true });
    writeFileSync(
      join(host.root, "usr/lib/rpm/macros"),
      "# x\n%_dbpath\t\t%{_var}/lib/rpm\n%_dbpath_rebuild x\n",
    );
    expect(collect(host.root).names).toEqual(["new"]);
  });

  test("empty databases are relics", async () => {
    for (const format of FORMATS) {
      using host = emptyHost();
      await writeDatabase(host.root, "/usr/lib/sysimage/rpm", "sqlite", []);
      truncateSync(await writeDatabase(host.root, "/usr/lib/sysimage/rpm", "ndb", []), 0);
      await writeDatabase(host.root, "/usr/share/rpm", format, [makeRpmPackage("a")]);
      expect(collect(host.root)).toEqual({ names: ["a"], gaps: [] });
    }
  });

  test("a link to the folder of rpm-ostree is followed", async () => {
    using host = emptyHost();
    await writeDatabase(host.root, "/usr/share/rpm", "sqlite", [makeRpmPackage("a")]);
    await mkdir(join(host.root, "var/lib"), { recursive: true });
    symlinkSync("../../usr/share/rpm", join(host.root, "var/lib/rpm"));
    expect(collect(host.root).names).toEqual(["a"]);
  });
});

describe("a hostile SQLite file", () => {
  test.each([
    [
      "an endless view",
      "CREATE VIEW Packages AS WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x FROM r) SELECT x AS hnum, x AS blob FROM r",
    ],
    ["a virtual table", "CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)"],
  ])("%s in place of the table is refused", async (_, statement) => {
    using host = emptyHost();
    const path = join(host.root, "var/lib/rpm/rpmdb.sqlite");
    await mkdir(dirname(path), { recursive: true });
    const database = new Database(path, { create: true });
    database.run(statement);
    database.close();
    expect(() => collect(host.root)).toThrow(
      "Cannot read /var/lib/rpm/rpmdb.sqlite: its Packages is not a table",
    );
  });

  test("a record of 900 MB costs one package and no memory", async () => {
    using host = emptyHost();
    const blobs = [
      makeRpmPackage("a"),
      makeRpmPackage("b", { vendor: "v".repeat(20_000) }),
      makeRpmPackage("c"),
    ];
    const path = await writeDatabase(host.root, "/var/lib/rpm", "sqlite", blobs);
    const file = readFileSync(path);
    // The length of the record with the long header, a number of three bytes, becomes one of five bytes.
    const at = file.indexOf(makeRpmPackage("b", { vendor: "v".repeat(20_000) }).subarray(0, 100));
    for (const [index, byte] of [0x83, 0xad, 0x93, 0xd2].entries()) file[at - 8 + index] = byte;
    writeFileSync(path, file);
    const { names, gaps } = collect(host.root);
    expect(names).toEqual(expect.arrayContaining(["a", "c"]));
    expect(gaps).toHaveLength(1);
  });
});

test("a log in use is read, and no file is made beside the database", async () => {
  using host = emptyHost();
  using copy = emptyHost();
  const path = await writeDatabase(host.root, "/var/lib/rpm", "sqlite", [makeRpmPackage("a")]);
  const database = writeSqlite(path, [], "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0");
  database.prepare("INSERT INTO Packages (blob) VALUES (?)").run(makeRpmPackage("b", LONG));
  await mkdir(join(copy.root, "var/lib/rpm"), { recursive: true });
  for (const end of ["", "-wal"])
    writeFileSync(join(copy.root, `var/lib/rpm/rpmdb.sqlite${end}`), readFileSync(`${path}${end}`));
  database.run("BEGIN; DELETE FROM Packages");
  expect(collect(host.root).names).toEqual(["a", "b"]);
  expect(collect(copy.root)).toEqual({ names: ["a", "b"], gaps: [] });
  expect(readdirSync(join(copy.root, "var/lib/rpm")).sort()).toEqual(["rpmdb.sqlite", "rpmdb.sqlite-wal"]);
  database.close();
});

test("a FIFO in place of a database does not block", async () => {
  using host = emptyHost();
  await mkdir(join(host.root, "var/lib/rpm"), { recursive: true });
  Bun.spawnSync(["mkfifo", join(host.root, "var/lib/rpm/Packages")]);
  expect(existsSync(join(host.root, "var/lib/rpm/Packages"))).toBe(true);
  expect(() => collect(host.root)).toThrow("Cannot read /var/lib/rpm/Packages: not a regular file");
});

test("the locks of dnf, yum and zypper hold packages back", async () => {
  using host = makeRoot(
    [
      "-- /etc/dnf/plugins/versionlock.list\n# x\nbash-0:5.1.8-6.el9.*\n!vim-0:1-1.*\n",
      "-- /etc/yum/pluginconf.d/versionlock.list\n0:zlib-1.2-1.el7.*\n",
      "-- /etc/dnf/dnf.conf\n[main]\nexcludepkgs=kernel*, php\n",
      '-- /etc/dnf/versionlock.toml\nversion = "1.0"\n[[packages]]\nname = "curl"\n',
      "-- /etc/zypp/locks\n\ntype: package\nmatch_type: glob\nsolvable_name: gcc*\n\ntype: pattern\nsolvable_name: vim\n",
    ].join(""),
  );
  const names = ["bash", "bash-doc", "curl", "gcc13", "kernel-core", "php", "php-cli", "vim", "zlib"];
  await writeDatabase(
    host.root,
    "/var/lib/rpm",
    "ndb",
    names.map((name) => makeRpmPackage(name)),
  );
  const held = [...collectPackages(openHostFiles(host.root))].filter((item) => item.held);
  expect(held.map(({ name }) => name)).toEqual(["bash", "curl", "gcc13", "kernel-core", "php", "zlib"]);
});
