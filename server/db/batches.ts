// Splits lists that are too long for one statement. SQLite accepts 32,766 parameters and PostgreSQL 65,535,
// and both fail only when the statement runs. Every `in` list and every list of inserted rows in a store uses
// these functions. A rule test checks this.

/** Values of one `in` list. */
const MAX_VALUES = 1_000;
/** Parameters of one insert: below the limit of SQLite, with room for other parameters of the statement. */
const MAX_PARAMETERS = 30_000;

/**
 * Runs a statement with some of the values at a time, each value once. Returns the rows of all statements.
 * Rows are ordered only within one call of `run`. Without values, runs nothing.
 */
export async function forSomeValues<Value extends string | number, Row>(
  values: Iterable<Value>,
  run: (some: Value[]) => Promise<Row[]>,
): Promise<Row[]> {
  return await inSlices([...new Set(values)], MAX_VALUES, run);
}

/**
 * Runs an insert with some of the rows at a time. Returns the results of all inserts. Without rows, runs
 * nothing.
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
