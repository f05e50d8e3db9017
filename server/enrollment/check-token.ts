// Checks a token for an operator who prepares a rollout: returns the result of an enrollment, and stores
// nothing.
import type { checkToken as checkRoute } from "@attacklens/protocol/enroll.ts";
import type { LostSensorRule } from "@attacklens/protocol/lost-sensors.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { lockTokenByHash, RefusedAttempt, tokenUnknown } from "../enrollment-tokens/token-admission.ts";
import type { Enrolled } from "../sensors/create-sensors.ts";
import type { TokenQueue } from "./enrollment-queue.ts";

/** A host that checks its token. */
export interface TokenCheck {
  valueHash: string;
  at: number;
  address: string;
  hostname: string;
}

/** The result of an enrollment of the host. */
export interface CheckedToken extends Omit<Enrolled, "sensorId"> {
  reEnrollLost: LostSensorRule;
}

type Judgment = Pick<
  RouteOutput<typeof checkRoute>,
  "refusal" | "assetGroup" | "awaitingApproval" | "reEnrollLost"
>;

/** Throws the refusal of the token with its reason, token-unknown, too-many-requests. */
export async function checkToken(
  checkQueue: TokenQueue<TokenCheck, CheckedToken>,
  check: TokenCheck,
): Promise<Judgment> {
  try {
    return { refusal: null, ...(await checkQueue.add(check)) };
  } catch (error) {
    if (!(error instanceof RefusedAttempt) || error.reason === "sensor-cloned") throw error;
    const refusal = { code: error.reason, detail: error.detail };
    return { refusal, assetGroup: null, awaitingApproval: false, reEnrollLost: "never" };
  }
}

/** All checks have the same `valueHash`. Their results do not affect each other. */
export async function checkBatch(db: Database, batch: TokenCheck[]): Promise<(CheckedToken | Error)[]> {
  const [first] = batch;
  if (!first) return [];
  const token = await inTransaction(db, (tx) => lockTokenByHash(tx, first.valueHash));
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
