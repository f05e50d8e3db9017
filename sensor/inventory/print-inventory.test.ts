import { expect, test } from "bun:test";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import fc from "fast-check";
import { cutCategory } from "./cut-category.ts";
import { itemsOf } from "./items-of.ts";
import { inventoryJson } from "./print-inventory.ts";

const group = (name: string): Item<"users"> => ({
  ...{ key: `group:${name}`, kind: "group", name, gid: 7, members: [name, '"', "\\"] },
  privileges: [],
});

test("prints the same as JSON of all items", () => {
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", maxLength: 8 }), { maxLength: 200 });
  fc.assert(
    fc.property(names, (keys) => {
      const gaps = [{ kind: "damaged", subject: "/a", reason: "x\ny" } as const];
      const users = cutCategory("users", {
        status: "collected",
        items: keys.map(group),
        gaps,
        totalItems: 9,
      });
      const results = [
        ["users", users],
        ["ports", cutCategory("ports", { status: "collected", items: [] })],
        ["jobs", { status: "absent", reason: "no cron", durationMs: 1 }],
      ] as const;
      const whole = Object.fromEntries(results.map(([category, result]) => [category, itemsOf(result)]));
      for (const shortLength of [0, 500, undefined])
        expect([...inventoryJson(results, shortLength)].join("")).toBe(JSON.stringify(whole, null, 2));
    }),
    { numRuns: 50 },
  );
  expect([...inventoryJson([])].join("")).toBe("{}");
});
