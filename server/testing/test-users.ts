// For tests of users: calls whose refusals are expected, and what they left in the database.
import { type Route, type RouteRequest, routePath } from "@attacklens/protocol/route.ts";
import { sql } from "kysely";
import { waitUntil } from "../../harness/wait-until.ts";
import { jsonInit, type World } from "./test-world.ts";

/** Calls a route, and returns its status and its reply. */
export async function attempt<R extends Route>(
  fetch: World["fetch"],
  route: R,
  cookie: string,
  request: Partial<RouteRequest<R>> = {},
  address?: string,
) {
  const path = routePath(route, request.params as Record<string, string>);
  const reply = await fetch(path, jsonInit(route.method, request.body, { cookie }), address);
  const text = await reply.text();
  return { status: reply.status, text, body: text === "" ? {} : JSON.parse(text) };
}

/** Returns the id of the user with the email. */
export async function userIdOf(world: World, email: string): Promise<string> {
  const query = world.db.selectFrom("user").select("id").where("email", "=", email);
  return (await query.executeTakeFirstOrThrow()).id;
}

/** Returns the audit events with the action, in their order. */
export async function eventsOf(world: World, action: string) {
  const rows = await world.db
    .selectFrom("auditEvent")
    .selectAll()
    .where("action", "=", action)
    .orderBy("sequence")
    .execute();
  return rows.map(({ details, ...row }) => ({ ...row, details: JSON.parse(details) }));
}

/**
 * Runs changes with audit events at the same time. On PostgreSQL, none of them can commit before all of them
 * wait for a lock. On SQLite, transactions run one after another.
 */
export async function atTheSameTime<T>(
  { db, databaseUrl }: World,
  changes: (() => Promise<T>)[],
): Promise<T[]> {
  if (databaseUrl === undefined) return await Promise.all(changes.map((change) => change()));
  const [locked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = db.transaction().execute(async (tx) => {
    await sql`select 1 from audit_head for update`.execute(tx);
    locked.resolve();
    await released.promise;
  });
  await locked.promise;
  const changing = Promise.all(changes.map((change) => change()));
  await waitUntil("all changes wait for a lock", async () => {
    const { rows } = await sql<{ waiting: number }>`
      select count(*)::integer as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
    return rows[0]!.waiting === changes.length;
  });
  released.resolve();
  await holding;
  return await changing;
}
