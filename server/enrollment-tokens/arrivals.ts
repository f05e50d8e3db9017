// What arrives for a token since an instant of the server's clock: sensors, refused hosts and re-enrolled
// hosts.
import {
  ARRIVAL_STATES,
  type Arrival,
  type Arrivals,
  type listArrivals as listRoute,
  MAX_LISTED_REFUSALS,
} from "@attacklens/protocol/arrivals.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { findLikes } from "../sensors/matches/matches.ts";
import { onlineSince } from "../sensors/record/sensor-status.ts";
import { countArrivals, listMergedInto, listTakenOver, pageOfArrivals } from "./arrivals-store.ts";
import { presentAttempt } from "./attempts.ts";
import { countRefusedHosts, listRefusedHosts } from "./attempts-store.ts";
import { notFound } from "./enrollment-tokens.ts";
import { hasToken } from "./enrollment-tokens-store.ts";

interface View {
  now: number;
  checkInIntervalSeconds: number;
}

/** Throws not-found, and input-invalid for a cursor of another list. */
export async function listArrivals(
  db: Database,
  view: View,
  tokenId: string,
  { since: given, ...page }: RouteInput<typeof listRoute>["query"],
): Promise<Arrivals> {
  if (!(await hasToken(db, tokenId))) throw notFound(tokenId);
  const since = given === undefined ? view.now : Date.parse(given);
  const { rows, ...paging } = await pageOfArrivals(db, { tokenId, since, ...page });
  const byState = await countArrivals(db, tokenId, since);
  const takenOver = await listTakenOver(db, tokenId, since, MAX_LISTED_REFUSALS);
  return {
    since: toInstant(since),
    at: toInstant(view.now),
    counts: {
      enrolled: ARRIVAL_STATES.reduce((sum, state) => sum + byState[state], 0),
      byState,
      refused: await countRefusedHosts(db, tokenId, since),
    },
    refusals: (await listRefusedHosts(db, tokenId, since, MAX_LISTED_REFUSALS)).map(presentAttempt),
    reEnrolled: takenOver.map(({ id, hostname, deletedAt, usedAt }) => ({
      sensor: { id, name: hostname, deleted: deletedAt !== null },
      at: toInstant(usedAt as number),
    })),
    items: await presentArrivals(db, view, rows),
    ...paging,
  };
}

type Row = Awaited<ReturnType<typeof pageOfArrivals>>["rows"][number];

async function presentArrivals(db: Database, view: View, rows: Row[]): Promise<Arrival[]> {
  const ids = rows.map(({ id }) => id);
  const matches = await findLikes(db, onlineSince(view.now, view.checkInIntervalSeconds), ids);
  const merged = Map.groupBy(await listMergedInto(db, ids), ({ replacedBy }) => replacedBy);
  return rows.map((row) => {
    const replaced = merged.get(row.id)?.[0];
    return {
      sensor: { id: row.id, name: row.hostname, deleted: row.standing === "deleted" },
      state: row.standing,
      enrolledAt: toInstant(row.enrolledAt),
      reportedAt: toInstant(row.reportedAt),
      address: row.address,
      cloneOf:
        row.clonedFrom === null
          ? null
          : {
              id: row.clonedFrom,
              name: row.originalHostname ?? "",
              deleted: row.originalDeletedAt !== null,
            },
      match: matches.get(row.id)?.sensor ?? null,
      replaces: replaced ? { id: replaced.id, name: replaced.hostname } : null,
    };
  });
}
