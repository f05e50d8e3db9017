import { expect, test } from "bun:test";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_CHUNK_BYTES, MAX_CHUNK_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { cutCategory } from "./cut-category.ts";
import { itemsOf } from "./items-of.ts";

const aGroup = (name: string, members: string[] = []): Item<"users"> => ({
  ...{ key: `group:${name}`, kind: "group", name, gid: 7 },
  ...{ members, privileges: [] },
});

test("cuts items into chunks and back", () => {
  const items = ["a", "b", "c"].map((name) => aGroup(name));
  const gaps = [{ kind: "damaged", subject: "/etc/group", reason: "line 4 has no name" } as const];
  const result = { status: "collected", items, gaps, durationMs: 7 } as const;
  expect(itemsOf(cutCategory("users", result))).toEqual(result);
});

test("keeps the first items that the server accepts, and the number of all", () => {
  const members = Array.from({ length: 5_000 }, (_, index) => `${"x".repeat(150)}${index}`);
  const large = Array.from({ length: 40 }, (_, index) => aGroup(`g${10 + index}`, members));
  const many = Array.from({ length: 50_000 }, (_, index) => aGroup(`g${10_000 + index}`));
  for (const items of [large, many]) {
    const cut = cutCategory("ports", { status: "collected", items: items as never, totalItems: 70_000 });
    if (cut.status !== "collected") throw new Error("it is not collected");
    for (const { content, itemCount } of cut.chunks) {
      expect(Buffer.byteLength(content)).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
      expect(itemCount).toBeLessThanOrEqual(MAX_CHUNK_ITEMS);
    }
    const kept = itemsOf(cut).items;
    expect(kept.length).toBeGreaterThan(items.length / 20);
    expect(kept).toEqual(items.slice(0, kept.length));
    expect(cut.totalItems).toBe(70_000);
  }
});

test("passes on a category without items", () => {
  const result = { status: "absent", reason: "no systemd", durationMs: 1 } as const;
  expect(cutCategory("services", result)).toEqual(result);
});
