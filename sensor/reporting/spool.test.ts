// The files of spooled reports: never above the limit, never a partial report, and no orphaned chunks.

import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { BUCKETS } from "@attacklens/protocol/inventory/chunks.ts";
import type { Collected } from "../collectors/result.ts";
import { cutInventory } from "../inventory/cut-category.ts";
import { makeFolder } from "../testing/test-command.ts";
import { makeReport, type Report } from "./report.ts";
import { openSpool } from "./spool.ts";
import { countSpooledReports, reportName, spooledReportPaths } from "./spool-files.ts";

const START = Date.parse("2026-11-24T09:30:00.000Z");
const at = (minute: number) => new Date(START + minute * 60_000).toISOString();

/** A report of that minute, with these groups. */
function reportOf(minute: number, groups: string[], members: string[] = []): Report {
  const none = Object.fromEntries(CATEGORIES.map((category) => [category, { status: "unsupported" }]));
  const items = groups.map((name) => {
    return { key: `group:${name}`, kind: "group" as const, name, gid: 7, members, privileges: [] };
  });
  const collected = { ...none, users: { status: "collected", items } } as unknown as Collected;
  return makeReport(cutInventory(collected), START + minute * 60_000);
}

function openIn(stateDir: string, maxBytes?: number) {
  const news: string[] = [];
  return { news, kept: openSpool(stateDir, news, maxBytes) };
}
function delivered({ kept }: ReturnType<typeof openIn>): string[] {
  const times: string[] = [];
  for (let report = kept.oldest(); report; report = kept.oldest()) {
    for (const said of Object.values(report.inventory))
      if (said.status === "collected") for (const hash of said.chunks) report.contentOf(hash);
    times.push(report.collectedAt);
    kept.removeOldest();
  }
  return times;
}
const filesIn = (stateDir: string) =>
  (readdirSync(join(stateDir, "reports"), { recursive: true, encoding: "utf8" }) as string[])
    .filter((name) => statSync(join(stateDir, "reports", name)).isFile())
    .sort();
const diskBytes = (stateDir: string) =>
  filesIn(stateDir)
    .map((name) => Math.ceil(statSync(join(stateDir, "reports", name)).size / 4_096) * 4_096)
    .reduce((sum, bytes) => sum + bytes, 0);

test("stores shared chunks once, readable only by the owner, and removes them with their last report", () => {
  using folder = makeFolder();
  const opened = openIn(folder.path);
  const many = Array.from({ length: 40 }, (_, index) => `group-${index}`);
  opened.kept.keep(reportOf(1, many));
  const first = filesIn(folder.path).length;
  expect(first).toBe(1 + BUCKETS.users);
  opened.kept.keep(reportOf(2, [...many, "one-more"]));
  expect(filesIn(folder.path)).toHaveLength(first + 2);
  for (const name of filesIn(folder.path))
    expect(statSync(join(folder.path, "reports", name)).mode & 0o777).toBe(0o600);
  opened.kept.removeOldest();
  expect(filesIn(folder.path)).toHaveLength(first);
  expect(delivered(opened)).toEqual([at(2)]);
  expect(filesIn(folder.path)).toEqual([]);
  expect(opened.news).toEqual([]);
});

test("delivers in the order of spooling, despite clock changes and restarts", () => {
  using folder = makeFolder();
  openIn(folder.path).kept.keep(reportOf(60, ["a"]));
  openIn(folder.path).kept.keep(reportOf(2, ["b"]));
  const { kept } = openIn(folder.path);
  kept.keep(reportOf(30, ["c"]));
  expect(countSpooledReports(folder.path)).toEqual({ waiting: 3, since: at(60), dropped: null });
  expect(delivered(openIn(folder.path))).toEqual([at(60), at(2), at(30)]);
});

test("beyond the limit, drops the oldest reports, counts them over restarts, and reports the total at the end", () => {
  using folder = makeFolder();
  const limit = 11 * 4_096;
  const opened = openIn(folder.path, limit);
  for (let minute = 1; minute <= 7; minute++) {
    opened.kept.keep(reportOf(minute, [`group-${minute}`]));
    expect(diskBytes(folder.path)).toBeLessThanOrEqual(limit);
  }
  expect(opened.news).toEqual([
    `dropped 1 spooled report because the spool was full; 1 since ${at(1)}`,
    `dropped 1 spooled report because the spool was full; 2 since ${at(1)}`,
  ]);
  const dropped = { count: 2, since: at(1) };
  expect(countSpooledReports(folder.path)).toEqual({ waiting: 5, since: at(3), dropped });

  const again = openIn(folder.path, limit);
  again.kept.keep(reportOf(8, ["group-8"]));
  expect(countSpooledReports(folder.path).dropped).toEqual({ count: 3, since: at(1) });
  again.news.length = 0;
  expect(delivered(again)).toEqual([at(4), at(5), at(6), at(7), at(8)]);
  expect(again.news).toEqual([`3 reports since ${at(1)} were dropped because the spool was full`]);
  expect(countSpooledReports(folder.path)).toEqual({ waiting: 0, since: null, dropped: null });
});

test("a report larger than the limit drops no others, and is reported once", () => {
  using folder = makeFolder();
  const opened = openIn(folder.path, 20_000);
  opened.kept.keep(reportOf(1, ["a"]));
  const large = () => reportOf(2, ["b"], Array(2_000).fill("someone1"));
  opened.kept.keep(large());
  opened.kept.keep(large());
  expect(opened.news).toEqual([
    expect.stringMatching(/^cannot spool this report: it takes \d+ bytes, more than 15904$/),
  ]);
  expect(delivered(opened)).toEqual([at(1)]);
});

test("reports a damaged or incomplete report as lost, and delivers the others", () => {
  using folder = makeFolder();
  const { kept } = openIn(folder.path);
  for (const minute of [1, 2, 3, 4, 5]) kept.keep(reportOf(minute, [`group-${minute}`]));
  const { folder: reports, chunkFolder } = spooledReportPaths(folder.path);
  const chunkOf = (minute: number) => {
    const said = reportOf(minute, [`group-${minute}`]).inventory.users;
    return join(chunkFolder, said?.status === "collected" ? said.chunks[0]! : "");
  };
  writeFileSync(
    join(reports, reportName(1, at(1))),
    readFileSync(join(reports, reportName(2, at(2)))).subarray(9),
  );
  rmSync(chunkOf(2));
  writeFileSync(chunkOf(3), "[]");
  const opened = openIn(folder.path);
  expect(opened.news).toEqual([
    `the report of ${at(1)} from the spool is lost: its file is damaged`,
    `the report of ${at(2)} from the spool is lost: a part of it is damaged`,
    `the report of ${at(3)} from the spool is lost: a part of it is damaged`,
  ]);
  writeFileSync(join(reports, reportName(4, at(4))), "");
  expect(delivered(opened)).toEqual([at(5)]);
  expect(opened.news.slice(3)).toEqual([
    `the report of ${at(4)} from the spool is lost: its file is damaged`,
  ]);
  // The chunks of the damaged report are removed at the next start.
  openIn(folder.path);
  expect(filesIn(folder.path)).toEqual([]);
});

test("removes orphaned files of a killed process at the next start", () => {
  using folder = makeFolder();
  openIn(folder.path).kept.keep(reportOf(1, ["a"]));
  const whole = filesIn(folder.path);
  const { folder: reports, chunkFolder } = spooledReportPaths(folder.path);
  writeFileSync(join(chunkFolder, "0".repeat(64)), "[{");
  writeFileSync(join(reports, `${reportName(2, at(2))}.1.new`), "{");
  const ownName = createHash("sha256").update("[]").digest("hex");
  writeFileSync(join(chunkFolder, ownName), "[]");
  const opened = openIn(folder.path);
  expect(filesIn(folder.path)).toEqual(whole);
  expect(delivered(opened)).toEqual([at(1)]);
  expect(opened.news).toEqual([]);
});

test("reports a read-only place and never throws", () => {
  using folder = makeFolder();
  writeFileSync(join(folder.path, "reports"), "not a folder");
  const opened = openIn(folder.path);
  opened.kept.keep(reportOf(1, ["a"]));
  expect(opened.news).toEqual([
    "cannot read the spool: part of the path is not a folder",
    expect.stringContaining("cannot spool this report: "),
  ]);
  expect(opened.kept.oldest()).toBeUndefined();
});

const MOUNT = Bun.which("mount") ?? "/bin/mount";
const UNMOUNT = Bun.which("umount") ?? "/bin/umount";
const mountDisk = (path: string) =>
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  spawnSync(MOUNT, ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]).status === 0;
const canMount = (() => {
  using probe = makeFolder();
  const can = mountDisk(probe.path);
  if (can) spawnSync(UNMOUNT, [probe.path]);
  return can;
})();

test.skipIf(!canMount)(
  `with a full disk, keeps the spool and reports it; spools again once there is space${canMount ? "" : " (skipped: no tmpfs can be mounted here)"}`,
  () => {
    using folder = makeFolder();
    const state = join(folder.path, "state");
    mkdirSync(state);
    if (!mountDisk(state)) throw new Error("cannot mount a tmpfs");
    try {
      const opened = openIn(state);
      opened.kept.keep(reportOf(1, ["a"]));
      const before = filesIn(state);
      expect(() => writeFileSync(join(state, "filler"), new Uint8Array(1_000_000))).toThrow("ENOSPC");
      for (const minute of [2, 3]) opened.kept.keep(reportOf(minute, ["a", "b", "c", "d"]));
      expect(opened.news).toEqual(Array(2).fill("cannot spool this report: no space left on the device"));
      expect(filesIn(state)).toEqual(before);
      rmSync(join(state, "filler"));
      opened.kept.keep(reportOf(4, ["a", "b", "c", "d"]));
      expect(delivered(openIn(state))).toEqual([at(1), at(4)]);
    } finally {
      spawnSync(UNMOUNT, [state]);
    }
  },
);
