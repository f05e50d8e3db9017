// Rows that requests look for at the same time share queries.
import { openBatcher } from "./batcher.ts";

/** Ids of one query. */
const MAX_IDS = 1_000;

interface SharedReadsOptions<Row> {
  /** Returns the rows that exist, in any order. Each id occurs once. */
  list: (ids: string[]) => Promise<Row[]>;
  idOf: (row: Row) => string;
}

/**
 * Returns a function that reads the row with an id, or returns undefined if there is none. The query begins
 * after the call, and after the query before has ended.
 */
export function openSharedReads<Row>({ list, idOf }: SharedReadsOptions<Row>) {
  const batcher = openBatcher<string, { row: Row | undefined }>({
    running: 1,
    take: (waiting) => ({ batch: waiting.slice(0, MAX_IDS), rest: waiting.slice(MAX_IDS) }),
    async work(ids) {
      const rows = await list([...new Set(ids)]);
      const found = new Map(rows.map((row) => [idOf(row), row]));
      return ids.map((id) => ({ row: found.get(id) }));
    },
  });
  return async (id: string): Promise<Row | undefined> => (await batcher.add(id)).row;
}
