import { expect, test } from "bun:test";
import { openSharedReads } from "./shared-reads.ts";

test("rows that are wanted while a query runs share the next one, and each is read after it is wanted", async () => {
  const stored = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  const queries: string[][] = [];
  let end = () => {};
  const find = openSharedReads({
    async list(ids) {
      queries.push(ids);
      const rows = ids.flatMap((id) => (stored.has(id) ? [{ id, value: stored.get(id)! }] : []));
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return rows.toReversed();
    },
    idOf: ({ id }) => id,
  });
  const begun = async (count: number) => {
    while (queries.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const first = [find("a"), find("b"), find("c"), find("a")];
  await begun(1);
  const later = [find("a"), find("b")];
  stored.set("a", 2);
  end();
  expect(await Promise.all(first)).toEqual([
    { id: "a", value: 1 },
    { id: "b", value: 1 },
    undefined,
    { id: "a", value: 1 },
  ]);
  await begun(2);
  end();
  expect((await Promise.all(later)).map((row) => row?.value)).toEqual([2, 1]);
  expect(queries).toEqual([
    ["a", "b", "c"],
    ["a", "b"],
  ]);
});

test("a failed query fails those that wait for it, and no others", async () => {
  let isBroken = true;
  const find = openSharedReads({
    async list(ids) {
      if (isBroken) throw new Error("broken");
      return ids;
    },
    idOf: (id) => id,
  });
  await expect(Promise.all([find("a"), find("b")])).rejects.toThrow("broken");
  isBroken = false;
  expect(await find("a")).toBe("a");
});
