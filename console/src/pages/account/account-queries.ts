// The queries of the account page, and its loader.
import { listSessions } from "@attacklens/protocol/sessions.ts";
import type { RouterContext } from "../../loading.ts";
import { apiQuery } from "../../queries.ts";

export const sessionsQuery = apiQuery(listSessions, {});

export async function loadAccount({ context }: { context: RouterContext }): Promise<void> {
  await context.queryClient.query(sessionsQuery);
}
