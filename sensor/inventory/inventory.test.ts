import { expect, test } from "bun:test";
import { join } from "node:path";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { COLLECTION_LIMITS } from "./collect-in-processes.ts";
import { openInventory } from "./inventory.ts";

const program = {
  command: [process.execPath, join(import.meta.dir, "../testing/slow-collector.ts")],
  environment: {},
};
const MINUTE = 60_000;

test("a check-in does not wait for slow categories; they follow, and are left out for a while if they fail", async () => {
  let clockMs = 0;
  const limits = { ...COLLECTION_LIMITS, categoryMs: 3_000, slowMs: 10_000 };
  const patienceMs = { first: 1_500, later: 1_500 };
  const inventory = openInventory({ program, root: "/", limits, patienceMs, now: () => clockMs });

  // `users` never ends. It is before `security` and `system`.
  const first = await inventory.collect();
  expect(first.users).toBeUndefined();
  await inventory.more();
  const second = await inventory.collect();
  expect(Object.keys(second)).toEqual([...CATEGORIES]);
  expect(second.users).toMatchObject({ status: "too-slow" });
  expect(inventory.more()).toBeUndefined();

  // Other categories are collected each time.
  const { users, ...others } = await inventory.collectAll();
  expect(users).toEqual(second.users);
  expect(others).not.toEqual({ ...second, users: undefined });
  clockMs += MINUTE - 1;
  expect((await inventory.collect()).users).toEqual(second.users);
  clockMs += 1;
  // Then it is the last one, so that the others do not wait for it.
  await inventory.collect();
  await inventory.more();
  const third = await inventory.collect();
  expect(third.users).toMatchObject({ status: "too-slow" });
  const replies = CATEGORIES.filter((category) => category !== "users").map((category) => third[category]);
  expect(replies).toMatchObject(
    replies.map((_, index) => ({ reason: expect.stringContaining(`reply ${index + 1} of`) })),
  );
  clockMs += 2 * MINUTE - 1;
  expect((await inventory.collect()).users).toBeDefined();
});
