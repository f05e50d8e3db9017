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
import { inSnapshot } from "../db/snapshot.ts";
import { toInstant } from "../ids.ts";
import { addressOfKey } from "../networks.ts";
import { findLikes } from "../sensors/matches/matches.ts";
import { onlineSince } from "../sensors/record/sensor-status.ts";
import { countArrivals, listMergedInto, listTakenOver, pageOfArrivals } from "./arrivals-store.ts";
import { presentAttempt } from "./attempts.ts";
import { countRefusedHosts, findLastAttempt, listRefusedHosts } from "./attempts-store.ts";
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
  return await inSnapshot(db, async (tx) => {
    if (!(await hasToken(tx, tokenId))) throw notFound(tokenId);
    const since = given === undefined ? await fromNowOn(tx, view.now, tokenId) : Date.parse(given);
    const byState = await countArrivals(tx, tokenId, since);
    const enrolled = ARRIVAL_STATES.reduce((sum, state) => sum + byState[state], 0);
    const refused = await countRefusedHosts(tx, tokenId, since);
    const refusals = refused > 0 ? await listRefusedHosts(tx, tokenId, since, MAX_LISTED_REFUSALS) : [];
    const takenOver = await listTakenOver(tx, tokenId, since, MAX_LISTED_REFUSALS);
    // The last of them, because it disables sorting for the rest of the snapshot.
    const { rows, ...paging } = await pageOfArrivals(tx, { tokenId, since, ...page });
    return {
      since: toInstant(since),
      at: toInstant(view.now),
      counts: { enrolled, byState, refused },
      refusals: refusals.map(presentAttempt),
      reEnrolled: takenOver.map(({ id, hostname, deletedAt, usedAt }) => ({
        sensor: { id, name: hostname, deleted: deletedAt !== null },
        at: toInstant(usedAt as number),
      })),
      items: await presentArrivals(tx, view, rows),
      ...paging,
    };
  });
}

/** The clocks of several servers, and of one server that was set back, differ by less than this. */
const MAX_SKEW_MS = 60_000;

/** Now, or after the last attempt if another clock gave it a later time: what is past is never counted. */
async function fromNowOn(tx: Database, now: number, tokenId: string): Promise<number> {
  const last = (await findLastAttempt(tx, tokenId)) ?? 0;
  return last >= now && last < now + MAX_SKEW_MS ? last + 1 : now;
}

type Row = Awaited<ReturnType<typeof pageOfArrivals>>["rows"][number];

async function presentArrivals(db: Database, view: View, rows: Row[]): Promise<Arrival[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const matches = await findLikes(db, onlineSince(view.now, view.checkInIntervalSeconds), rows);
  const merged = Map.groupBy(await listMergedInto(db, ids), ({ replacedBy }) => replacedBy);
  return rows.map((row) => {
    const replaced = merged.get(row.id)?.[0];
    return {
      sensor: { id: row.id, name: row.hostname, deleted: row.standing === "deleted" },
      state: row.standing,
      enrolledAt: toInstant(row.enrolledAt),
      reportedAt: toInstant(row.reportedAt),
      address: addressOfKey(row.address),
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
