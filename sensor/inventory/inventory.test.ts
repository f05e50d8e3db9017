import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { makeRoot } from "../testdata/unpack-machine.ts";
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

test("a category whose files are unchanged is not read again, for a while", async () => {
  using host = makeRoot("-- /etc/passwd\nroot:x:0:0:root:/root:/bin/sh\n-- /etc/group\nroot:x:0:\n");
  const sensor = { command: [process.execPath, join(import.meta.dir, "../main.ts")], environment: {} };
  let clockMs = 0;
  // Otherwise, on a busy machine, a change would be in the collection after the one that is not over.
  const patienceMs = { first: 60_000, later: 60_000 };
  const inventory = openInventory({ program: sensor, root: host.root, now: () => clockMs, patienceMs });
  const usersNow = async () => (await inventory.collect()).users;

  // A file that was written just now may change again without a trace.
  let before = await usersNow();
  await waitUntil("the users are taken from before", async () => {
    const users = await usersNow();
    const isReused = users === before;
    before = users;
    return isReused;
  });
  const { users, ports } = await inventory.collect();
  expect(users).toBe(before);
  expect(ports).not.toBe((await inventory.collect()).ports);

  clockMs += 60 * MINUTE;
  const readAgain = await usersNow();
  expect(readAgain).not.toBe(users);

  writeFileSync(join(host.root, "etc/passwd"), "boot:x:0:0:root:/root:/bin/sh\n");
  const changed = await usersNow();
  if (changed?.status !== "collected") throw new Error("no users");
  expect(changed.chunks.map(({ content }) => content).join()).toContain("boot");
});

test.skipIf(process.platform !== "linux")(
  "an unchanged host starts no process, and a new listening socket is reported at once",
  async () => {
    const program = { command: [process.execPath, join(import.meta.dir, "../main.ts")], environment: {} };
    const inventory = openInventory({ program, root: "/", patienceMs: { first: 60_000, later: 60_000 } });
    // Other programs on this machine may open sockets meanwhile.
    let before = await inventory.collect();
    await waitUntil("the ports are taken from before", async () => {
      const next = await inventory.collect();
      const isReused = next.ports === before.ports && next.network === before.network;
      before = next;
      return isReused;
    });

    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const after = await inventory.collect();
    server.close();
    if (after.ports?.status !== "collected") throw new Error("no ports");
    expect(after.ports.chunks.map(({ content }) => content).join()).toContain(`127.0.0.1:${port}"`);
  },
);
