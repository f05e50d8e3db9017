// Rotation: a successor with the same settings and a new value, while the old token works for some time.
import type { rotateEnrollmentToken as rotateRoute } from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { pickTokenSettings } from "@attacklens/protocol/token-settings.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import type { IdempotentRequest } from "../idempotency.ts";
import { nameKey, toInstant } from "../ids.ts";
import { lockTokenFor, tokenEvent } from "./change-token.ts";
import { createTokenOnce } from "./create-token.ts";
import { insertNewToken } from "./enrollment-tokens.ts";
import { updateToken } from "./enrollment-tokens-store.ts";
import { parseExpiry } from "./token-settings.ts";

/**
 * Creates the successor. The old token expires at `oldExpiresAt`, or at its own expiry if that is earlier.
 * Throws not-found, input-invalid, name-taken, state-conflict, and what `createOnce` throws.
 */
export async function rotateEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  { name, expiresAt, oldExpiresAt }: RouteInput<typeof rotateRoute>["body"],
  idempotency?: IdempotentRequest,
) {
  return await createTokenOnce(db, now, user, name, idempotency, async (tx, successorId) => {
    const expiry = parseExpiry(expiresAt, now);
    const old = await lockTokenFor(tx, now, id, "rotate");
    const end = Math.min(Math.max(Date.parse(oldExpiresAt), now), old.expiresAt ?? Number.MAX_SAFE_INTEGER);
    const successor = await insertNewToken(tx, now, user, {
      ...pickTokenSettings(old),
      id: successorId,
      name,
      nameKey: nameKey(name),
      description: old.description,
      expiresAt: expiry,
      assetGroupId: old.assetGroupId,
      rotatedFrom: id,
    });
    await updateToken(tx, id, { expiresAt: end });
    const details = {
      ...{ successor: successorId, successorName: name },
      before: { expiresAt: toInstant(old.expiresAt) },
      after: { expiresAt: toInstant(end) },
    };
    await recordAuditEvent(tx, tokenEvent(now, user, old, "enrollment-token.rotated", details));
    return successor;
  });
}
