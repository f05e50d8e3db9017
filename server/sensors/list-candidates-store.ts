// Finds the few sensors that a list may have, with the index of a filter.

import { sql } from "kysely";
import { texts } from "../db/dialect.ts";
import { type AnyQuery, countUpTo } from "../db/keyset.ts";
import { type CellFilter, cellsOf, withAnySilence } from "../db/listing-cells.ts";
import { sensorsNamed } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import type { Narrowing } from "./filters-store.ts";
import { listIds, listLike, type Source } from "./listing-store.ts";
import { openPairs } from "./matches/matches-store.ts";
import type { Reading } from "./sensor-page-store.ts";

interface CandidatePage extends CellFilter {
  q?: string | undefined;
  match?: "any" | undefined;
}

export interface Candidates {
  source: Source;
  /** Their filter. All of them match it. */
  narrowing?: Narrowing | undefined;
}

/** Returns a few sensors that contain all matching ones; undefined: an index finds too many. */
export async function findCandidates(
  { tx, onlineSince, few }: Reading,
  page: CandidatePage,
  narrowings: readonly Narrowing[],
): Promise<Candidates | undefined> {
  const source = await findOthers(tx, onlineSince, page, few);
  if (source) return { source };
  for (const narrowing of narrowings) {
    if (narrowing.index) continue;
    const found = await narrowing.find(few);
    if (found) return { source: found, narrowing };
  }
  return undefined;
}

/** The same for the filters of text and of possible duplicates. */
async function findOthers(
  tx: Database,
  onlineSince: number,
  { q, match, ...filter }: CandidatePage,
  few: number,
): Promise<Source | undefined> {
  // All of them, for any number: users decide on each.
  if (match) return sourceOf(matched(tx, onlineSince));
  if (!q) return undefined;
  const cells = withAnySilence(cellsOf(filter));
  const named = sensorsNamed(tx, q);
  if (named) return (await countUpTo(tx, named, few + 1)) > few ? undefined : sourceOf(named);
  const ids = await listLike(tx, q, cells, few + 1);
  return ids.length > few ? undefined : texts(tx, ids);
}

const sourceOf = (ids: AnyQuery): Source => sql`(select candidate_id as value from (${ids}) as found)`;

function matched(tx: Database, onlineSince: number): AnyQuery {
  return openPairs(tx, onlineSince)
    .clearSelect()
    .clearOrderBy()
    .select("sensorMatch.sensorId as candidateId")
    .distinct();
}

/** Counts the sensors of the list of possible duplicates. */
export async function countCandidates(tx: Database, onlineSince: number): Promise<number> {
  return (await listIds(matched(tx, onlineSince))).length;
}
