// The plan of updates in memory: rings, runs and releases. Check-ins decide by it without a query. It is read
// again after each change, on every server. Admissions check it once more in their transaction.
import type { Logger } from "pino";
import { onChanges } from "../db/changes.ts";
import { hasOneServer } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { UpdateRunTable } from "../db/schema-updates.ts";
import type { OfferedRelease, Releases } from "../releases/offered-releases.ts";
import { countCanaries, countFailures, isInProgress } from "./host-updates-store.ts";
import { isRunOf, type Plan, type PlannedRelease, type PlannedRing } from "./offer-rules.ts";
import { listOpenings, type Opening, type UpdateWindow } from "./update-window.ts";
import {
  type KnownRelease,
  listKnownReleases,
  listRingGroups,
  listRings,
  listRuns,
  type RingRow,
  recordKnownReleases,
} from "./updates-store.ts";

/** Notices a release that was added, and a change whose announcement was lost. */
const RELOAD_MS = 5_000;
/** A server records this often that it stores a release. */
const SEEN_AGAIN_MS = 60_000;
/** A release that no server has recorded for this long is removed. */
const GONE_AFTER_MS = 5 * SEEN_AGAIN_MS;
/** A canary that was offered a release this long ago may have gone offline. Another host takes its place. */
export const CANARY_EXPECTED_MS = 3_600_000;
/** Openings are computed for more days than this. */
const OPENINGS_LAST_MS = 3_600_000;

export interface PlansOptions {
  db: Database;
  releases: Releases;
  now: () => number;
  log: Logger;
}

export interface Plans {
  /** After a change in this process, the new plan. Nearly always at once. */
  current(): Plan | Promise<Plan>;
  /** For the transactions of this process: PostgreSQL announces a change later. */
  changed(): void;
  /** The offers of the minute are used up until then. No check-in needs a transaction to find that out. */
  noOffersUntil: number;
}

export function openPlans({ db, releases, now, log }: PlansOptions): Plans {
  let plan: Plan | undefined;
  let loadedAt = 0;
  let isStale = true;
  let loading: Promise<Plan> | undefined;
  let recorded = { key: "", at: 0 };
  const windows = openWindows();

  onChanges(db, (topics) => {
    if (topics.length === 0 || topics.includes("update-ring") || topics.includes("asset-group"))
      isStale = true;
  });

  async function load(): Promise<Plan> {
    isStale = false;
    loadedAt = performance.now();
    try {
      const stored = await releases.list();
      await record(stored);
      plan = await readPlan(db, stored, now(), windows);
      return plan;
    } catch (error) {
      isStale = true;
      throw error;
    }
  }

  async function record(stored: readonly OfferedRelease[]): Promise<void> {
    const key = stored.map(({ manifest }) => `${manifest.version} ${manifest.counter}`).join();
    if (key === recorded.key && now() - recorded.at < SEEN_AGAIN_MS) return;
    await recordKnownReleases(
      db,
      newestOfVersions(stored).map((one) => knownRelease(one, now())),
    );
    recorded = { key, at: now() };
  }

  function reload(): Promise<Plan> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function changedPlan(): Promise<Plan> {
    // A reading that began before the change does not have it.
    await loading?.catch(() => undefined);
    return isStale || !plan ? await reload() : plan;
  }

  return {
    current() {
      if (!plan || isStale) return changedPlan();
      if (performance.now() - loadedAt > RELOAD_MS)
        reload().catch((error: unknown) => log.warn({ err: error }, "the plan of updates cannot be read"));
      return plan;
    },
    changed() {
      isStale = true;
    },
    noOffersUntil: 0,
  };
}

type Windows = (window: UpdateWindow, now: number) => readonly Opening[];

function openWindows(): Windows {
  const known = new Map<string, { at: number; openings: Opening[] }>();
  return (window, now) => {
    const key = `${window.days} ${window.hours} ${window.timeZone}`;
    const found = known.get(key);
    if (found && Math.abs(now - found.at) < OPENINGS_LAST_MS) return found.openings;
    if (known.size > 1_000) known.clear();
    const openings = listOpenings(window, now);
    known.set(key, { at: now, openings });
    return openings;
  };
}

async function readPlan(
  db: Database,
  stored: readonly OfferedRelease[],
  now: number,
  windows: Windows,
): Promise<Plan> {
  const known = await listKnownReleases(db);
  const isElsewhere = ({ seenAt }: KnownRelease) => !hasOneServer(db) && now - seenAt < GONE_AFTER_MS;
  const releases = known
    .filter((release) => isStored(release, stored) || isElsewhere(release))
    .map((release) => plannedRelease(release, stored))
    .toSorted((one, other) => other.counter - one.counter);
  const groups = await listRingGroups(db);
  const runs = await listRuns(db);
  const rings: PlannedRing[] = [];
  for (const ring of await listRings(db)) {
    const target = releases.find(({ version }) => ring.version === null || ring.version === version);
    const run = target && runs.find((one) => isRunOf(one, ring.id, target));
    rings.push({
      ...ring,
      assetGroups: groups.filter(({ ringId }) => ringId === ring.id).map(({ id, name }) => ({ id, name })),
      openings: windows(ring, now),
      ...{ target, run },
      ...(await countRun(db, ring, run, now)),
    });
  }
  const counters = new Map(known.map(({ version, counter }) => [version, counter]));
  return { rings, runs, releases, counters };
}

async function countRun(db: Database, ring: RingRow, run: UpdateRunTable | undefined, now: number) {
  if (!run) return { canariesTaken: 0, canariesDone: 0, failures: 0, isInProgress: false };
  const canaries = await countCanaries(db, run, now - CANARY_EXPECTED_MS, ring.canaries);
  return {
    canariesTaken: canaries.done + canaries.expected,
    canariesDone: canaries.done,
    failures: await countFailures(db, run, 1_000),
    isInProgress: await isInProgress(db, run),
  };
}

/** Two stored releases may have the same version. The one that was signed later is offered. */
function newestOfVersions(stored: readonly OfferedRelease[]): OfferedRelease[] {
  return stored.filter(
    (one) => stored.find(({ manifest }) => manifest.version === one.manifest.version) === one,
  );
}

function isStored({ version, counter }: KnownRelease, stored: readonly OfferedRelease[]): boolean {
  return newestOfVersions(stored).some(
    ({ manifest }) => manifest.version === version && manifest.counter === counter,
  );
}

function knownRelease({ manifest }: OfferedRelease, seenAt: number): KnownRelease {
  return {
    ...{ version: manifest.version, counter: manifest.counter, seenAt },
    createdAt: Date.parse(manifest.created),
    expiresAt: Date.parse(manifest.expires),
    targets: sensorTargets(manifest.files),
  };
}

function plannedRelease(release: KnownRelease, stored: readonly OfferedRelease[]): PlannedRelease {
  const { version, counter, createdAt, expiresAt, targets } = release;
  const here = stored.find(({ manifest }) => manifest.version === version && manifest.counter === counter);
  const files = here ? [...here.files.values()].map(({ file }) => file) : [];
  return { version, counter, createdAt, expiresAt, targets, targetsHere: sensorTargets(files) };
}

/** A sensor replaces its own program, so packages do not count. */
function sensorTargets(files: readonly { program: string; format: string; target: string }[]): string[] {
  return files
    .filter(({ program, format }) => program === "sensor" && format === "program")
    .map(({ target }) => target);
}
