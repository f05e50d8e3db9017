// The queries of the account page, and its loader.
import { listPasskeys } from "@attacklens/protocol/passkeys.ts";
import { listSessions } from "@attacklens/protocol/sessions.ts";
import { getSecondFactors } from "@attacklens/protocol/two-factor.ts";
import type { RouterContext } from "../../loading.ts";
import { apiQuery } from "../../queries.ts";

export const sessionsQuery = apiQuery(listSessions, {});

export const secondFactorsQuery = apiQuery(getSecondFactors, {});

export const passkeysQuery = apiQuery(listPasskeys, {});

export async function loadAccount({ context }: { context: RouterContext }): Promise<void> {
  const { queryClient } = context;
  await Promise.all([
    queryClient.query(sessionsQuery),
    queryClient.query(secondFactorsQuery),
    queryClient.query(passkeysQuery),
  ]);
}
