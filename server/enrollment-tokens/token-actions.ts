// Actions on all enrollment tokens that match a filter.
import { canOf } from "@attacklens/protocol/obstacles.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type {
  previewTokenAction as previewRoute,
  TokenBulkAction,
} from "@attacklens/protocol/token-actions.ts";
import { TOKEN_OBSTACLES } from "@attacklens/protocol/token-obstacles.ts";
import type { Candidate, Refusal } from "../bulk/bulk.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { lockAndJudgeTokens } from "./change-token.ts";
import { listEnrollmentTokens, notFound } from "./enrollment-tokens.ts";
import { actOnLockedTokens } from "./token-changes.ts";

/** Tokens that are read at once. */
const SLICE = 200;

/** Yields the tokens that match. */
export async function* tokenCandidates(
  db: Database,
  now: number,
  user: User,
  { action, filter }: RouteInput<typeof previewRoute>["body"],
): AsyncGenerator<Candidate[]> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await listEnrollmentTokens(db, now, user, {
      ...filter,
      ...{ sort: "createdAt", order: "asc", limit: SLICE, cursor },
    });
    yield items.map((token) => {
      const { id, name } = token;
      return { id, name, obstacle: canOf(TOKEN_OBSTACLES, token, action).reason };
    });
    cursor = nextCursor ?? undefined;
  } while (cursor);
}

/** Changes the tokens whose state permits it, and returns the others. */
export async function runTokenAction(
  tx: Database,
  now: number,
  user: User,
  action: TokenBulkAction,
  some: { id: string; name: string }[],
): Promise<Refusal[]> {
  const ids = some.map(({ id }) => id);
  const locked = new Map((await lockAndJudgeTokens(tx, now, ids, action)).map((token) => [token.id, token]));
  const refusals = some.flatMap(({ id, name }) => {
    const token = locked.get(id);
    const reason = token ? token.obstacle : notFound(id).detail;
    return reason === undefined ? [] : [{ id, name, reason }];
  });
  const possible = locked.values().filter(({ obstacle }) => obstacle === undefined);
  await actOnLockedTokens(tx, now, user, action, [...possible]);
  return refusals;
}
