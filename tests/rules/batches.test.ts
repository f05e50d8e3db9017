// No statement of a store grows with its input: server/db/batches.ts splits every `in` list and every list of
// rows.
import { expect, test } from "bun:test";
import { CODE, expectNone, readSource } from "./sources.ts";

const STORES = CODE.filter((file) => /^server\/(db\/|.*-store\.ts$)/.test(file));
/** better-auth writes one row at a time, and its lists hold the ids of one user's sessions. */
const CHECKED = STORES.filter((file) => file !== "server/users/auth-store.ts");

/**
 * Arguments of `in` or `.values(` that are not `some` of a batch, one row, a list of words, or a subquery.
 */
function unboundedLists(source: string): string[] {
  const lists = [...source.matchAll(/"(?:not )?in",\s*([^\s,)][^\n]*)/g)]
    .filter(([, list]) => !/^(some\b(?!\.)|\["|\((eb|qb)\) =>|\w+\.selectFrom\()/.test(list!))
    .map(([found]) => found);
  const rows = [...source.matchAll(/(?<!\bObject)\.values\(\s*([^\n]*)/g)]
    .filter(([, given]) => !given!.startsWith(")") && !isBounded(given!, source))
    .map(([found]) => found);
  return [...lists, ...rows];
}

function isBounded(given: string, source: string): boolean {
  if (/^(some\)|\{)/.test(given)) return true;
  const name = /^(\w+)\)/.exec(given)?.[1];
  return name !== undefined && new RegExp(`\\b${name}: \\w+Table\\b(?!\\[)`).test(source);
}

test("lists of values and of rows are split before they reach a database", () => {
  const wrong = CHECKED.flatMap((file) =>
    unboundedLists(readSource(file)).map((found) => `${file}: ${found.trim()}`),
  );
  expectNone("a long list exceeds the databases' limit of parameters: use forSomeValues, forSomeRows", wrong);
});

test("the rule finds what it forbids", () => {
  expect(unboundedLists('db.selectFrom("a").where("id", "in", ids)')).toHaveLength(1);
  expect(unboundedLists('eb("value", "in", rows.map(({ value }) => value))')).toHaveLength(1);
  expect(unboundedLists("db.insertInto(x).values(rows)")).toHaveLength(1);
  expect(unboundedLists("(row: SensorTable[]) => db.insertInto(x).values(row)")).toHaveLength(1);
  expect(unboundedLists("(row: SensorTable) => db.insertInto(x).values(row)")).toEqual([]);
  expect(unboundedLists('where("id", "in", some) values(some)')).toEqual([]);
});
