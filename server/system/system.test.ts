// The page System: facts of the server, its jobs, its health, and what the installation lacks.
import { expect, test } from "bun:test";
import { getSystemStatus, listLicenses } from "@attacklens/protocol/system-status.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import pino from "pino";
import { waitUntil } from "../../harness/wait-until.ts";
import { describeCertificate } from "../certificates/describe-certificate.ts";
import { issue, makeAuthority } from "../certificates/x509.ts";
import { startJobs } from "../jobs.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { lacksOf } from "./lacks.ts";

const NOW = Date.parse("2026-11-26T12:00:00Z");
const DAY_MS = 86_400_000;
const COMPLETE = {
  ...{ now: NOW, secure: true, publicUrl: "https://lens.example.com" },
  certificate: { expiresAt: NOW + 31 * DAY_MS, isPrivate: false },
  ...{ superAdmins: 2, releases: 1, rings: 2, mostSensors: 100_000 as number | undefined, sensors: 100_000 },
};
const gaps = (facts: Partial<typeof COMPLETE>) => lacksOf({ ...COMPLETE, ...facts }).map(({ gap }) => gap);

for (const dialect of TESTED_DIALECTS) {
  test(`only Admins read the state of the server (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const status = await world.call(getSystemStatus, await world.signedIn("admin"));
    expect(status).toMatchObject({
      version: RELEASE,
      processes: 1,
      database: { kind: dialect === "sqlite" ? "SQLite" : "PostgreSQL" },
      sensors: { online: 0, all: 0 },
      certificate: null,
    });
    expect(status.database.version).toMatch(/^\d+\.\d+/);
    expect(status.database.sizeBytes).toBeGreaterThan(100_000);
    expect(status.health[0]).toEqual({ name: "Database", ok: true, text: "Accepts writes" });
    expect(status.lacks.map(({ gap }) => gap)).toContain("one-super-admin");
    const manager = await world.signedIn("posture-manager");
    await expect(world.call(getSystemStatus, manager)).rejects.toThrow();
  });
}

test("what an installation lacks follows from its facts, the most important first", () => {
  expect(gaps({})).toEqual([]);
  expect(gaps({ superAdmins: 1, rings: 1, releases: 0 })).toEqual([
    "one-super-admin",
    "no-release",
    "no-update-ring",
  ]);
  const ending = { expiresAt: NOW + 30 * DAY_MS, isPrivate: false };
  expect(gaps({ certificate: ending })).toEqual(["certificate-ends"]);
  // The server renews its own.
  expect(gaps({ certificate: { ...ending, isPrivate: true } })).toEqual(["private-certificate"]);
  expect(gaps({ sensors: 100_001 })).toEqual(["database-is-small"]);
  expect(gaps({ sensors: 1_000_000, mostSensors: undefined })).toEqual([]);
  const bare = { ...COMPLETE, secure: false, publicUrl: undefined, certificate: undefined };
  expect(lacksOf(bare).map(({ gap }) => gap)).toEqual(["no-tls", "no-public-url"]);
});

test("a job remembers its last run and its last error", async () => {
  let fails = true;
  const work = async () => {
    if (fails) throw new Error("disk full");
  };
  const jobs = startJobs([{ name: "sweep", intervalMs: 5, work }], pino({ level: "silent" }));
  try {
    expect(jobs.runs()[0]).toMatchObject({ name: "sweep", lastAt: null, lastError: null });
    await waitUntil("the job has failed", () => jobs.runs()[0]!.isFailing);
    expect(jobs.runs()[0]!.lastError).toMatchObject({ message: "disk full" });
    fails = false;
    await waitUntil("the job has run again", () => !jobs.runs()[0]!.isFailing);
    const [{ lastAt, nextAt, lastError }] = jobs.runs() as [ReturnType<typeof jobs.runs>[number]];
    expect(nextAt - lastAt!).toBe(5);
    expect(lastError).toMatchObject({ message: "disk full" });
  } finally {
    jobs.stop();
  }
});

test("a run of a job that takes longer than its interval is the only one until it ends", async () => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const runs = { long: 0, short: 0 };
  const long = async () => {
    runs.long++;
    await mayEnd;
  };
  const short = async () => void runs.short++;
  const table = [
    { name: "long", intervalMs: 1, work: long },
    { name: "short", intervalMs: 1, work: short },
  ];
  const jobs = startJobs(table, pino({ level: "silent" }));
  try {
    await waitUntil("the other job has run ten times", () => runs.short >= 10);
    expect(runs.long).toBe(1);
    end();
    await waitUntil("it runs again", () => runs.long > 1);
  } finally {
    jobs.stop();
  }
});

test("a certificate has its names, issuer, bounds and fingerprint", async () => {
  const authority = await makeAuthority(NOW);
  const { chain, expiresAt } = await issue(authority, ["lens.example.com", "10.0.0.1"], [], NOW);
  const described = describeCertificate(chain);
  expect(described).toMatchObject({ names: ["lens.example.com", "10.0.0.1"], expiresAt });
  expect(described.sha256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(described.issuer).toContain("AttackLens");
});

test("every user can read the licenses of the software in the programs", async () => {
  await using world = await openWorld("sqlite");
  const { items } = await world.call(listLicenses, await world.signedIn("viewer"));
  const named = new Map(items.map((one) => [one.name, one]));
  for (const name of ["react", "zod", "hono", "kysely", "better-auth", "bun"]) {
    expect(named.get(name)?.license, name).toBe("MIT");
  }
  expect(named.get("zod")?.text).toContain("Permission is hereby granted");
  expect(named.get("@fontsource-variable/inter")?.text).toContain("SIL Open Font License");
  expect(items.map(({ license }) => license)).not.toContain("");
  // Tools of the build are in no program.
  expect(named.has("typescript")).toBe(false);
});
