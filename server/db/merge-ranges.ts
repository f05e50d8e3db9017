// Reads the first rows of many ranges of an index in one order. Each range is sorted, so few rows of each are
// enough: at most two statements read them, for any number of ranges and rows.
import type { RowKey } from "./keyset.ts";

/** A first read takes this many times the rows of an even distribution. */
const SURPLUS = 3;
const LEAST_ROWS = 4;

/**
 * Returns the first `wanted` rows of all ranges. `read` returns the first `most` rows of each of the given
 * ranges, in their order.
 */
export async function mergeRanges<Range>(
  ranges: readonly Range[],
  wanted: number,
  compare: (one: RowKey, other: RowKey) => number,
  read: (ranges: readonly Range[], most: number) => Promise<RowKey[][]>,
): Promise<RowKey[]> {
  if (ranges.length === 0) return [];
  const most = Math.min(wanted, Math.max(LEAST_ROWS, Math.ceil((SURPLUS * wanted) / ranges.length)));
  const rows = await read(ranges, most);
  // Later rows of a range matter only if all of its rows are on the page.
  const first = firstOf(rows, wanted, compare);
  const last = first[wanted - 1];
  const unfinished = [...ranges.keys()].filter(
    (index) =>
      most < wanted &&
      rows[index]!.length === most &&
      (last === undefined || compare(rows[index]!.at(-1)!, last) < 0),
  );
  if (unfinished.length === 0) return first;
  const more = await read(
    unfinished.map((index) => ranges[index]!),
    wanted,
  );
  for (const [place, index] of unfinished.entries()) rows[index] = more[place]!;
  return firstOf(rows, wanted, compare);
}

/** Returns the first rows of sorted ranges. Of most ranges, it compares only the first row. */
function firstOf(
  ranges: readonly RowKey[][],
  wanted: number,
  compare: (one: RowKey, other: RowKey) => number,
): RowKey[] {
  const first: RowKey[] = [];
  for (const rows of ranges)
    for (const row of rows) {
      if (first.length === wanted && compare(row, first[wanted - 1]!) >= 0) break;
      let [start, end] = [0, first.length];
      while (start < end) {
        const middle = (start + end) >> 1;
        if (compare(first[middle]!, row) < 0) start = middle + 1;
        else end = middle;
      }
      first.splice(start, 0, row);
      if (first.length > wanted) first.pop();
    }
  return first;
}

/** Compares rows by their group, their value and then by their id, as both databases do. */
export function compareKeys(one: RowKey, other: RowKey): number {
  return (
    compareText(one.group ?? "", other.group ?? "") ||
    compareValues(one.value, other.value) ||
    compareValues(one.id, other.id)
  );
}

function compareValues(one: string | number, other: string | number): number {
  if (typeof one === "number" || typeof other === "number") return Number(one) - Number(other);
  return compareText(one, other);
}

/** Compares by code point. The order of JavaScript is by UTF-16 unit, which differs for surrogates. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  const end = Math.min(one.length, other.length);
  for (let index = 0; index < end; index++) {
    const [left, right] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (left !== right)
      return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1;
  }
  return one.length - other.length;
}

/** A surrogate is a part of a code point above all that one unit can have. */
const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
