// A sensor uses an enrollment token once, to get its own identity.
import type { enroll as enrollRoute } from "@attacklens/protocol/enroll.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { recordRefusal } from "../enrollment-tokens/attempts.ts";
import type { RefusalLedger } from "../enrollment-tokens/refusal-ledger.ts";
import { RefusedAttempt } from "../enrollment-tokens/token-admission.ts";
import type { Enrolled } from "../sensors/create-sensors.ts";
import { signedKey, type TokenHolder } from "./authenticate-holder.ts";
import type { EnrollRequest } from "./enroll-batch.ts";
import type { TokenQueue } from "./enrollment-queue.ts";

/** The same key with the same token gets the same sensor, even if the token was changed or deleted since. */
export async function enrollSensor(
  { enrollQueue, refusals }: { enrollQueue: TokenQueue<EnrollRequest, Enrolled>; refusals: RefusalLedger },
  { at, address }: { at: number; address: string },
  holder: TokenHolder,
  { publicKey, sensorVersion, host }: RouteInput<typeof enrollRoute>["body"],
): Promise<Enrolled> {
  const { nonce } = signedKey(holder, publicKey);
  const { valueHash } = holder;
  const request = { valueHash, publicKey, sensorVersion, host, at, address, nonce };
  return await enrollQueue.add(request).catch(async (error: unknown) => {
    if (!(error instanceof RefusedAttempt)) throw error;
    throw await recordRefusal(refusals, { publicKey, at, address, hostname: host.hostname }, error);
  });
}
