import { expect, test } from "bun:test";
import { createTestDatabase, drawDialects, openWorld, PASSWORD } from "../testing/test-world.ts";
import { openFailedSignIns } from "./failed-sign-ins.ts";

const [dialect] = drawDialects();

async function readEvents(db: Awaited<ReturnType<typeof createTestDatabase>>["db"]) {
  const rows = await db
    .selectFrom("auditEvent")
    .select(["entityId", "entityName", "address", "details"])
    .where("action", "=", "user.sign-in-failed")
    .orderBy("sequence")
    .execute();
  return rows.map(({ details, ...row }) => ({ ...row, ...JSON.parse(details) }));
}

test("failed sign-ins of a window are two events, and limited attempts are in their numbers", async () => {
  await using world = await openWorld(dialect!);
  await world.addUser("ada@example.com", "admin");
  const { signIn } = world.services;
  const client = { headers: new Headers(), address: "192.0.2.1" };
  const fail = (email: string) => signIn.signIn(email, "wrong", client).catch(({ code }) => code);
  expect(await fail("ada@example.com")).toBe("wrong-credentials");
  await signIn.flushFailures();
  const results = [];
  for (let count = 0; count < 12; count++) results.push(await fail("ada@example.com"));
  expect(results.filter((code) => code === "too-many-requests").length).toBe(3);
  expect(await fail("eve@example.com")).toBe("wrong-credentials");
  await signIn.flushFailures();
  await signIn.flushFailures({ isLast: true });
  const { id } = await world.db.selectFrom("user").select("id").executeTakeFirstOrThrow();
  expect(await readEvents(world.db)).toMatchObject([
    { entityId: id, entityName: "The admin", address: "192.0.2.1", attempts: 1, rateLimited: 0 },
    { entityId: "unknown", entityName: "eve@example.com", attempts: 1 },
    { entityId: id, email: "ada@example.com", attempts: 12, rateLimited: 3 },
  ]);
  await signIn.signIn("ada@example.com", PASSWORD, { ...client, address: "192.0.2.2" });
  await signIn.flushFailures({ isLast: true });
  expect(await readEvents(world.db)).toHaveLength(3);
});

test("guesses from many addresses for many accounts are a limited number of events", async () => {
  await using database = await createTestDatabase(dialect!);
  const { db } = database;
  let now = 0;
  const limits = { windowMs: 1_000, keys: 6, keysOfAddress: 3 };
  const failures = openFailedSignIns(db, () => now, limits);
  for (let count = 0; count < 400; count++)
    failures.record(
      { email: `user-${count}@example.com`, address: `192.0.2.${count % 20}` },
      "wrong-credentials",
    );
  for (let count = 0; count < 50; count++)
    failures.record({ email: `user-${count}@example.com`, address: "192.0.2.1" }, "wrong-credentials");
  await failures.flush();
  now = 1_000;
  await failures.flush();
  const events = await readEvents(db);
  expect(events.length).toBeLessThanOrEqual(8);
  expect(events.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(450);
  expect(events.at(-1)).toMatchObject({ entityName: "Several accounts", address: null });
});
