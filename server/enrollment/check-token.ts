// What would come of an enrollment, for the person who prepares a rollout: the same judgement, and nothing of it is kept.
import type { checkToken as checkRoute } from "@attacklens/protocol/enroll.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { lockTokenByHash, RefusedAttempt, tokenUnknown } from "../enrollment-tokens/token-admission.ts";
import { toInstant } from "../ids.ts";
import type { CheckedToken, HttpRequest, Services, TokenCheck, TokenHolder } from "../route-handler.ts";

/** Throws token-unknown, too-many-requests. Who holds a real value is told why it would be refused. */
export async function checkToken(
  { now, checkQueue, connection }: Services,
  { address }: Pick<HttpRequest, "address">,
  { valueHash }: TokenHolder,
  hostname: string,
): Promise<RouteOutput<typeof checkRoute>> {
  const certificate = connection.certificate()?.pin ?? null;
  const told = { serverTime: toInstant(now()), address, certificate };
  try {
    return { ...told, refusal: null, ...(await checkQueue.add({ valueHash, at: now(), address, hostname })) };
  } catch (error) {
    if (!(error instanceof RefusedAttempt) || error.reason === "sensor-cloned") throw error;
    const refusal = { code: error.reason, detail: error.detail };
    return { ...told, refusal, assetGroup: null, awaitingApproval: false, reEnrollLost: "never" };
  }
}

/** All checks have the same `valueHash`; each is answered as if it came alone. */
export async function checkBatch(db: Database, batch: TokenCheck[]): Promise<(CheckedToken | Error)[]> {
  const token = await inTransaction(db, (tx) => lockTokenByHash(tx, batch[0]!.valueHash));
  return batch.map(({ at, ...host }) => {
    if (!token) return tokenUnknown();
    try {
      token.judge(at, host);
      const { assetGroup, requireApproval, reEnrollLost } = token;
      return { assetGroup, awaitingApproval: requireApproval, reEnrollLost };
    } catch (error) {
      if (error instanceof RefusedAttempt) return error;
      throw error;
    }
  });
}
