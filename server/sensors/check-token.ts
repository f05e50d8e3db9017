// What would come of an enrollment, for the person who prepares a roll-out: the same judgement, and nothing of it is kept.
import type { checkToken as checkRoute } from "@attacklens/protocol/enroll.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import { inTransaction } from "../db/transaction.ts";
import { holdUsableToken, parseTokenValue, RefusedAttempt } from "../enrollment-tokens/enrollment-tokens.ts";
import { toInstant } from "../ids.ts";
import type { HttpRequest, Services } from "../route-handler.ts";
import { bearerToken } from "./enroll.ts";

/** Throws token-unknown, too-many-requests. Who holds a real value is told why it would be refused. */
export async function checkToken(
  { db, now, knownValues, enrollQueue }: Services,
  http: HttpRequest,
  hostname: string,
): Promise<RouteOutput<typeof checkRoute>> {
  const valueHash = parseTokenValue(bearerToken(http.headers));
  await knownValues.require(valueHash);
  const { address } = http;
  const told = { serverTime: toInstant(now()), address };
  try {
    const token = await enrollQueue.run(() =>
      inTransaction(db, (tx) => holdUsableToken(tx, now(), valueHash, { address, hostname })),
    );
    const { assetGroup, requireApproval } = token;
    return { ...told, refusal: null, assetGroup, awaitingApproval: requireApproval };
  } catch (error) {
    if (!(error instanceof RefusedAttempt)) throw error;
    const refusal = { code: error.reason, detail: error.told };
    return { ...told, refusal, assetGroup: null, awaitingApproval: false };
  }
}
