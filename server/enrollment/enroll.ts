// A sensor trades an enrollment token for an identity of its own.
import type { enroll as enrollRoute } from "@attacklens/protocol/enroll.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import { recordRefusal } from "../enrollment-tokens/attempts.ts";
import { RefusedAttempt } from "../enrollment-tokens/token-admission.ts";
import { toInstant } from "../ids.ts";
import type { HttpRequest, Services, TokenHolder } from "../route-handler.ts";
import { signedKey } from "./authenticate-holder.ts";

/** The same key with the same token gets the same sensor again, whatever has become of the token since. */
export async function enrollSensor(
  services: Services,
  { address }: Pick<HttpRequest, "address">,
  holder: TokenHolder,
  { publicKey, sensorVersion, host }: RouteInput<typeof enrollRoute>["body"],
): Promise<RouteOutput<typeof enrollRoute>> {
  const { now, enrollQueue, refusals } = services;
  const { nonce } = signedKey(holder, publicKey);
  const { valueHash } = holder;
  const at = now();
  const request = { valueHash, publicKey, sensorVersion, host, at, address, nonce };
  const enrolled = await enrollQueue.add(request).catch(async (error: unknown) => {
    if (!(error instanceof RefusedAttempt)) throw error;
    throw await recordRefusal(refusals, { publicKey, at, address, hostname: host.hostname }, error);
  });
  return { ...enrolled, ...aboutServer(services) };
}

/** What a host that is let in is told of the server beside who it is. */
export function aboutServer({ now, checkInIntervalSeconds, answers, connection }: Services) {
  return {
    checkInIntervalSeconds,
    serverTime: toInstant(now()),
    serverKey: answers.publicKey,
    certificate: connection.certificate()?.pin ?? null,
  };
}
