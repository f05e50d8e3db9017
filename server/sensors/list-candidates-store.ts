// Finds the few sensors that a list may have, with the index of a filter.

import { type AnyQuery, countUpTo } from "../db/keyset.ts";
import { type CellFilter, cellsOf, withAnySilence } from "../db/listing-cells.ts";
import { sensorsNamed } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import type { Narrowing } from "./filters-store.ts";
import { listIds, listLike } from "./listing-store.ts";
import { openPairs } from "./matches/matches-store.ts";
import type { Reading } from "./sensor-page-store.ts";

interface CandidatePage extends CellFilter {
  q?: string | undefined;
  /** Of the one sensor that is searched. */
  id?: string | undefined;
  match?: "any" | undefined;
}

/** Returns the ids of a few sensors that contain all matching ones; undefined: an index finds too many. */
export async function findCandidates(
  { tx, onlineSince, few }: Reading,
  page: CandidatePage,
  narrowings: readonly Narrowing[],
): Promise<string[] | undefined> {
  return (await findOthers(tx, onlineSince, page, few)) ?? (await findNarrowed(narrowings, few));
}

/** The same for the filters of text and of possible duplicates. */
async function findOthers(
  tx: Database,
  onlineSince: number,
  { q, id, match, ...filter }: CandidatePage,
  few: number,
): Promise<string[] | undefined> {
  if (id !== undefined) return [id];
  // All of them, for any number: users decide on each.
  if (match) return await listIds(matched(tx, onlineSince));
  if (!q) return undefined;
  const cells = withAnySilence(cellsOf(filter));
  const named = sensorsNamed(tx, q);
  // Most ids of a frequent text would be read to no purpose.
  if (named && (await countUpTo(tx, named, few + 1)) > few) return undefined;
  const ids = named ? await listIds(named) : await listLike(tx, q, cells, few + 1);
  return ids.length > few ? undefined : ids;
}

/** The same for the first filter that finds few. */
async function findNarrowed(narrowings: readonly Narrowing[], few: number): Promise<string[] | undefined> {
  for (const { find } of narrowings) {
    const ids = await find(few);
    if (ids) return ids;
  }
  return undefined;
}

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
