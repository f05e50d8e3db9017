// The lists and reads of updates, for tests of their query plans.
import { fleetId } from "../../harness/fleet-rows.ts";
import { pageOfEvents } from "../audit/events-page-store.ts";
import type { Database } from "../db/schema.ts";
import { hostGroupSlices } from "../updates/fleet-counts-store.ts";
import { type HostPage, pageOfHosts } from "../updates/host-list-store.ts";
import {
  countCanaries,
  countFailures,
  findHost,
  findOfferHost,
  highestAttempt,
  isInProgress,
} from "../updates/host-updates-store.ts";
import { listKnownReleases, listRingGroups, listRings, listRuns } from "../updates/updates-store.ts";

export type Listing = [name: string, list: (db: Database) => Promise<unknown>];

export async function twoPages(page: (cursor: string | undefined) => Promise<{ nextCursor: string | null }>) {
  const { nextCursor } = await page(undefined);
  if (nextCursor !== null) await page(nextCursor);
}

export function updateLists(activeSince: number): Listing[] {
  const ring = { id: fleetId("rng", 1), isLast: false };
  const filters: Partial<HostPage>[] = [
    {},
    { q: "host-0" },
    { q: "no such host" },
    ...(["done", "trial", "rolled-back", "package-manager", "unknown"] as const).map((state) => ({ state })),
    { version: "2026.11.0" },
    { version: "2025.1.0" },
    { ring },
    { ring: { id: fleetId("rng", 0), isLast: true } },
    { ring, state: "done", version: "2026.11.0" },
    { ring, state: "unknown", q: "example" },
  ];
  const run = { ringId: ring.id, version: "2026.11.0", attempt: 1 };
  return [
    ...filters.map(
      (filter): Listing => [
        `hosts with updates ${JSON.stringify(filter)}`,
        (db) =>
          twoPages((cursor) =>
            pageOfHosts(db, { ...filter, sort: "hostname", order: "asc", limit: 50, cursor }),
          ),
      ],
    ),
    ["the update of a host", (db) => findHost(db, fleetId("sen", 7))],
    ["failures of a ring", (db) => countFailures(db, run, 3)],
    ["canaries of a ring", (db) => countCanaries(db, run, 0, 5)],
    ["the update of a host at its check-in", (db) => findOfferHost(db, fleetId("sen", 7))],
    ["hosts in progress of a ring", (db) => isInProgress(db, run)],
    ["the highest attempt in a ring", (db) => highestAttempt(db, ring.id, run.version)],
    ["a slice of the fleet's updates", (db) => hostGroupSlices(db, activeSince).next()],
    [
      "events of rings",
      (db) => pageOfEvents(db, { entityType: "update-ring" }, { order: "desc", limit: 10 }),
    ],
    ["rings", (db) => listRings(db)],
    ["groups of rings", (db) => listRingGroups(db)],
    ["runs of rings", (db) => listRuns(db)],
    ["releases", (db) => listKnownReleases(db)],
  ];
}
