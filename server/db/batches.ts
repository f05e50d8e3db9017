// Splits lists that are too long for one statement. SQLite takes 32,766 parameters and PostgreSQL 65,535, and
// both fail only when the statement runs. Every `in` list and every list of inserted rows in a store uses
// these functions; a rule test checks it.

/** Values of one `in` list. */
const MAX_VALUES = 1_000;
/**
 * Parameters of one statement: below the limit of SQLite, with room for those of the rest of the statement.
 */
const MAX_PARAMETERS = 30_000;

/**
 * Runs a statement with some of the values at a time, each value once; returns the rows of all of them.
 * Without values nothing runs. Rows are ordered only among those of one call of `run`.
 */
export async function forSomeValues<Value extends string | number, Row>(
  values: Iterable<Value>,
  run: (some: Value[]) => Promise<Row[]>,
): Promise<Row[]> {
  return await inSlices([...new Set(values)], MAX_VALUES, run);
}

/**
 * Runs an insert with some of the rows at a time; returns what all of them return. Without rows nothing runs.
 */
export async function forSomeRows<Inserted extends object, Row>(
  rows: readonly Inserted[],
  run: (some: Inserted[]) => Promise<Row[]>,
): Promise<Row[]> {
  const columns = rows.reduce((most, row) => Math.max(most, Object.keys(row).length), 1);
  return await inSlices(rows, Math.floor(MAX_PARAMETERS / columns), run);
}

async function inSlices<One, Row>(
  all: readonly One[],
  size: number,
  run: (some: One[]) => Promise<Row[]>,
): Promise<Row[]> {
  const slices: Row[][] = [];
  for (let start = 0; start < all.length; start += size)
    slices.push(await run(all.slice(start, start + size)));
  return slices.flat();
}
