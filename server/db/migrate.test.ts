// The database after a kill or a full disk during a first start or an upgrade: it has the old schema or the
// new one, and all rows.
import { Database as BunDatabase } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, type KyselyConfig, sql } from "kysely";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { DatabaseError } from "./explain.ts";
import { MIGRATIONS, migrate } from "./migrate.ts";
import { openDatabase } from "./open.ts";
import type { Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";
import { removeLeftOvers } from "./upgrade-copy.ts";

const NAMES = Object.keys(MIGRATIONS);
const PROGRAM = await bundle(join(import.meta.dir, "../testing/test-migrate.ts"));
const CALLS = ["fsync", "fdatasync", "link", "rename", ...(LONG_TESTS ? ["ftruncate", "pwrite64"] : [])];
const MOST_KILLS = 200;
/** Kill at every third sync. The tests start at different ones. */
const STEP = LONG_TESTS ? 1 : 3;

/** Free space on disks that fill up at once, later, at the last moment, and never. */
const FREE_KB = LONG_TESTS ? [8, 64, 128, 200, 300, 400, 512, 700, 1_024, 2_048] : [8, 128, 300, 512, 2_048];

const strace = Bun.which("strace");
const traces = strace && spawnSync(strace, ["-o", "/dev/null", "true"]).status === 0;
const mount = Bun.which("mount");
const umount = Bun.which("umount");
const mounts = process.getuid?.() === 0 && mount && umount;

function temporaryFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "attacklens-migrate-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Returns the program as one file, because that halves the CPU time of a start. */
async function bundle(program: string): Promise<string> {
  const folder = temporaryFolder().path;
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const { outputs } = await Bun.build({ entrypoints: [program], target: "bun", outdir: folder });
  return outputs[0]!.path;
}

const made = new Map<string, Promise<Buffer>>();

/**
 * The file of an earlier schema without rows. It is created from the schema before it, so that each migration
 * runs once for all tests.
 */
function emptyFile(last: string): Promise<Buffer> {
  const existing = made.get(last);
  if (existing) return existing;
  const making = (async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "empty.db");
    const before = NAMES[NAMES.indexOf(last) - 1];
    if (before) writeFileSync(file, await emptyFile(before));
    const db = new Kysely<Schema>({ dialect: sqliteDialect(file, { create: true }) });
    await migrate(db, last);
    await sql`pragma wal_checkpoint(truncate)`.execute(db);
    await db.destroy();
    return readFileSync(file);
  })();
  made.set(last, making);
  return making;
}

/** A data folder with an earlier schema and rows. */
async function makeFolder(dataDir: string, last: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, "attacklens.db");
  writeFileSync(file, await emptyFile(last));
  const db = new BunDatabase(file);
  db.run("begin");
  const insert = db.prepare(`insert into "user" (id, name, email, role, status, created_at, updated_at)
    values (?, 'Ada', ?, 'viewer', 'active', 1, 1)`);
  for (let index = 0; index < 500; index++) insert.run(`u${index}`, `ada${index}@example.com`);
  db.run(`insert into asset_group (id, name, name_key, created_at, created_by)
    values ('grp_1', 'Web', 'web', 1, 'u1')`);
  insert.finalize();
  db.run("commit");
  db.run("pragma wal_checkpoint(truncate)");
  db.close();
}

/** Opens the database again, and expects the complete schema with `users` rows. */
async function expectWhole(dataDir: string, users: number): Promise<void> {
  await using db = await openDatabase({ dataDir });
  const [row] = (await sql<{ n: number }>`select count(*) as n from "user"`.execute(db)).rows;
  expect(row!.n).toBe(users);
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  expect(rows.map(({ name }) => name)).toEqual(NAMES);
  expect((await sql`pragma integrity_check`.execute(db)).rows).toEqual([{ integrityCheck: "ok" }]);
  expect((await sql`pragma foreign_key_check`.execute(db)).rows).toEqual([]);
  removeLeftOvers(dataDir);
  expect(readdirSync(dataDir).filter((name) => name.includes("upgrade"))).toEqual([]);
}

/**
 * Kills a start at its syncs from `first` on, each time in a new folder from `make`. Returns the number of
 * kills.
 */
async function killAtSyncs(
  folder: string,
  make: (dataDir: string) => void,
  users: number,
  first: number,
): Promise<number> {
  let kills = 0;
  for (const call of CALLS) {
    const [start, step] = call === "fsync" ? [first, STEP] : [1, 1];
    for (let nth = start; nth <= MOST_KILLS; nth += step) {
      const dataDir = join(folder, `killed-${call}-${nth}`);
      make(dataDir);
      const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${nth}`];
      const { status } = spawnSync(
        strace!,
        ["-f", "-o", "/dev/null", ...inject, process.execPath, "--no-env-file", PROGRAM, dataDir],
        { stdio: "ignore" },
      );
      await expectWhole(dataDir, users);
      rmSync(dataDir, { recursive: true });
      if (status === 0) break;
      kills++;
    }
  }
  return kills;
}

const untraced = traces ? "" : " (skipped: strace cannot trace here)";

test.skipIf(!traces)(
  `a first start that was killed at any sync can start again${untraced}`,
  async () => {
    using folder = temporaryFolder();
    const kills = await killAtSyncs(folder.path, (dataDir) => mkdirSync(dataDir), 0, 1);
    expect(kills).toBeGreaterThan(3);
  },
  300_000,
);

describe("an upgrade that was killed at any sync can start again, with all rows", () => {
  const [oldest, newest] = [NAMES[0]!, NAMES.at(-2)!];
  const earlier = LONG_TESTS ? NAMES.slice(0, -1) : drawSome([oldest, newest]);
  for (const [index, name] of earlier.entries()) {
    test.skipIf(!traces)(
      `from ${name}${untraced}`,
      async () => {
        using folder = temporaryFolder();
        const source = join(folder.path, "source");
        await makeFolder(source, name);
        const kills = await killAtSyncs(
          folder.path,
          (dataDir) => cpSync(source, dataDir, { recursive: true }),
          500,
          LONG_TESTS ? 1 : 2 + (index % 2),
        );
        expect(kills).toBeGreaterThan(3);
      },
      300_000,
    );
  }
});

test("every earlier schema upgrades to the newest", async () => {
  using folder = temporaryFolder();
  for (const name of NAMES.slice(0, -1)) {
    const dataDir = join(folder.path, name);
    await makeFolder(dataDir, name);
    const upgrades: unknown[] = [];
    const db = await openDatabase({ dataDir }, { onUpgrade: (upgrade) => upgrades.push(upgrade) });
    await db.destroy();
    const copy = join(dataDir, `attacklens.db.before-upgrade-from-${name}`);
    expect(upgrades).toEqual([{ from: name, copy }]);
    // The copy is a complete database of the earlier release.
    const kept = new BunDatabase(copy, { readonly: true });
    expect(kept.query("select name from kysely_migration order by name desc").get()).toEqual({ name });
    expect(kept.query('select count(*) as n from "user"').get()).toEqual({ n: 500 });
    kept.close();
    await expectWhole(dataDir, 500);
  }
}, 120_000);

test.skipIf(!mounts)(
  `a full disk during a first start or an upgrade changes nothing; the next start with free space succeeds${mounts ? "" : " (skipped: no tmpfs can be mounted here)"}`,
  async () => {
    using folder = temporaryFolder();
    const disk = join(folder.path, "disk");
    const source = join(folder.path, "source");
    mkdirSync(disk);
    await makeFolder(source, NAMES[0]!);
    for (const users of [0, 500]) {
      let failures = 0;
      const usedKb = users === 0 ? 0 : statSync(join(source, "attacklens.db")).size / 1_024;
      for (const freeKb of FREE_KB) {
        const sizeKb = usedKb + freeKb;
        expect(spawnSync(mount!, ["-t", "tmpfs", "-o", `size=${sizeKb}k`, "tmpfs", disk]).status).toBe(0);
        try {
          const dataDir = join(disk, "data");
          if (users > 0) cpSync(source, dataDir, { recursive: true });
          const start = spawnSync(process.execPath, ["--no-env-file", PROGRAM, dataDir], {
            encoding: "utf8",
          });
          if (start.status !== 0) failures++;
          expect(spawnSync(mount!, ["-o", "remount,size=64m", disk]).status).toBe(0);
          await expectWhole(dataDir, users);
        } finally {
          // Statements that are not collected yet keep the file open.
          Bun.gc(true);
          expect(spawnSync(umount!, [disk]).status).toBe(0);
        }
      }
      expect(failures).toBeGreaterThan(2);
    }
  },
  120_000,
);

test("programs that start at once on a new folder or an earlier schema wait for each other", async () => {
  using folder = temporaryFolder();
  for (let round = 0; round < (LONG_TESTS ? 10 : 2); round++) {
    const dataDir = join(folder.path, `round-${round}`);
    if (round % 2 === 1) await makeFolder(dataDir, NAMES[0]!);
    const starts = [1, 2, 3].map(() =>
      Bun.spawn([process.execPath, "--no-env-file", PROGRAM, dataDir], { stderr: "pipe" }),
    );
    for (const start of starts)
      expect([await start.exited, await new Response(start.stderr).text()]).toEqual([0, ""]);
    await expectWhole(dataDir, round % 2 === 1 ? 500 : 0);
  }
}, 120_000);

test("reports a half-migrated database of an earlier build, and changes nothing", async () => {
  using folder = temporaryFolder();
  for (const [index, name] of [undefined, ...NAMES.slice(0, -1)].entries()) {
    const dataDir = join(folder.path, `half-${index}`);
    mkdirSync(dataDir);
    if (name) await makeFolder(dataDir, name);
    // The state after a kill: the first statement of the next migration is committed, its record is not.
    const statements: string[] = [];
    await using db = new Kysely<Schema>({
      dialect: sqliteDialect(join(dataDir, "attacklens.db"), { create: true }),
      log: ({ query }) => void statements.push(query.sql),
    } as KyselyConfig);
    await expect(
      db.transaction().execute(async (tx) => {
        await MIGRATIONS[NAMES[index]!]!.up(tx, "sqlite");
        throw new Error("killed");
      }),
    ).rejects.toThrow("killed");
    const first = statements.find((text) => /^(--.*\n)*(create|alter|drop)/i.test(text))!;
    await sql.raw(first).execute(db);
    const before = await dump(db);
    const opening = openDatabase({ dataDir });
    await expect(opening).rejects.toThrow(DatabaseError);
    await expect(opening).rejects.toThrow("half migrated; nothing was changed");
    expect(await dump(db)).toEqual(before);
    expect(readdirSync(dataDir).filter((file) => file.includes("upgrade"))).toEqual([]);
  }
}, 120_000);

async function dump(db: Kysely<Schema>) {
  return (await sql`select type, name, sql from sqlite_master order by name`.execute(db)).rows;
}
