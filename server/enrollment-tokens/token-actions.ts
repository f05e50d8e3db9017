// Actions on all enrollment tokens that match a filter.
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type {
  previewTokenAction as previewRoute,
  TokenBulkAction,
} from "@attacklens/protocol/token-actions.ts";
import type { Candidate } from "../bulk/bulk.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { listEnrollmentTokens } from "./enrollment-tokens.ts";
import {
  deleteEnrollmentToken,
  pauseEnrollmentToken,
  resumeEnrollmentToken,
  revokeEnrollmentToken,
} from "./token-changes.ts";

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
    yield items.map(({ id, name, can }) => ({ id, name, obstacle: can[action].reason }));
    cursor = nextCursor ?? undefined;
  } while (cursor);
}

const CHANGES: Record<
  TokenBulkAction,
  (tx: Database, now: number, user: User, id: string) => Promise<unknown>
> = {
  pause: pauseEnrollmentToken,
  resume: resumeEnrollmentToken,
  revoke: revokeEnrollmentToken,
  delete: deleteEnrollmentToken,
};

/** Throws not-found, state-conflict. */
export async function runTokenAction(
  tx: Database,
  now: number,
  user: User,
  action: TokenBulkAction,
  id: string,
): Promise<void> {
  await CHANGES[action](tx, now, user, id);
}
