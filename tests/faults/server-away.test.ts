// A host changes while its server is unreachable. The built sensor is killed at each of its writes, during
// the outage and while it delivers its spool. The server's history has each state of the host once and in
// order.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createSuperAdmin, enrollThisMachine } from "../../harness/first-day.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { type RunningServer, runSensor, startServer } from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { killAtEach, leftOver, traces } from "../support/kill-at-each.ts";
import { makeSmallHost } from "../support/small-host.ts";

test.skipIf(!traces)(
  `the history has every change during an outage once and in order, whenever the sensor is killed${traces ? "" : " (skipped: strace cannot trace here)"}`,
  async () => {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(openTemporaryFolder("away")).path;
    const dataDir = join(folder, "server");
    const start = async (listen = "127.0.0.1:0"): Promise<RunningServer> =>
      opened.use(await startServer({ dataDir, logFile: join(folder, "server.log"), listen }));
    const first = await start();
    const { session } = await createSuperAdmin(first, dataDir);
    const stateDir = join(folder, "sensor");
    await enrollThisMachine(first, session, stateDir, "Away");

    const root = join(folder, "host");
    makeSmallHost(root);
    const passwd = join(root, "etc/passwd");
    const once = ["run", "--once", "--state", stateDir, "--root", root];
    const run = () => runSensor(once);
    const addUser = (user: string) =>
      appendFileSync(passwd, `${user}:x:5000:5000::/nonexistent:/usr/sbin/nologin\n`);
    const kept = async () =>
      JSON.parse((await runSensor(["status", "--json", "--state", stateDir])).stdout).spool;

    expect(await run()).toMatchObject({ code: 0 });
    await first.stop();

    const unreachable = 4;
    expect(await run()).toMatchObject({ code: unreachable });
    const states = await killAtEach(
      async (kill) => {
        addUser(`added-${kill}`);
        return { args: once };
      },
      async (_, call) => {
        const { code, stderr } = await run();
        expect({ call, code, stderr }).toMatchObject({ code: unreachable });
        expect(stderr).not.toContain("from the spool is lost");
        expect(leftOver(stateDir)).toEqual([]);
      },
      { calls: ["mkdir", "write", "fsync", "rename"], exitCode: unreachable },
    );
    expect((await kept()).waiting).toBeGreaterThanOrEqual(states);
    expect((await kept()).dropped).toBeNull();

    await start(new URL(first.url).host);
    const deliveries = await killAtEach(
      async () => ({ args: once }),
      async () => {},
      { calls: ["unlink", "sendto", "fsync"] },
    );
    expect(deliveries).toBeGreaterThan(LONG_TESTS ? 10 : 2);
    // If every delivery was killed, this run delivers the rest, and says so.
    expect((await run()).code).toBe(0);
    expect(await run()).toMatchObject({ code: 0, stderr: "" });
    expect(await kept()).toEqual({ waiting: 0, since: null, dropped: null });
    expect(leftOver(stateDir)).toEqual([]);

    using database = new Database(join(dataDir, "attacklens.db"), { readonly: true });
    const rows = database
      .query(
        `select m.item_count as items, h.collected_at as at from (
            select category, manifest_id, reported_at, collected_at from inventory_history
            union all
            select category, manifest_id, reported_at, changed_at from sensor_inventory) h
          join inventory_manifest m on m.id = h.manifest_id
          where h.category = 'users' order by h.reported_at`,
      )
      .all() as { items: number; at: number }[];
    const before = rows[0]!.items;
    expect(rows.map(({ items }) => items - before)).toEqual(
      Array.from({ length: states + 1 }, (_, index) => index),
    );
    const times = rows.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect(new Set(times).size).toBe(times.length);
    const users = readFileSync(passwd, "utf8").match(/^added-/gm);
    expect(users).toHaveLength(states);
  },
  600_000,
);
