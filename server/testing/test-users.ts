// For tests of users: calls whose refusals are expected, and what they left in the database.
import { type Route, type RouteRequest, routePath } from "@attacklens/protocol/route.ts";
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
