// A sensor trades an enrollment token for an identity of its own: what can be judged without the database, cheapest first.
import type { enroll as enrollRoute } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import { ENROLL_SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import { parseTokenValue, RefusedAttempt, recordRefusal } from "../enrollment-tokens/enrollment-tokens.ts";
import { toInstant } from "../ids.ts";
import type { HttpRequest, Services } from "../route-handler.ts";
import { parseSignature, verifySignature } from "./sensor-signature.ts";

/** The same key with the same token gets the same sensor again, whatever has become of the token since. */
export async function enrollSensor(
  services: Services,
  http: HttpRequest,
  { publicKey, sensorVersion, host }: RouteInput<typeof enrollRoute>["body"],
): Promise<RouteOutput<typeof enrollRoute>> {
  const { now, knownValues, enrollQueue, refusals } = services;
  const valueHash = parseTokenValue(bearerToken(http.headers));
  const claimed = parseSignature(http.headers, ENROLL_SIGNED_COMPONENTS);
  if (claimed.keyid !== publicKey) {
    throw new Problem("signature-invalid", "The signature is refused: keyid must be the body's publicKey");
  }
  await knownValues.require(valueHash);
  const at = now();
  verifySignature(claimed, http, publicKey, at);
  const { address } = http;
  const request = { valueHash, publicKey, sensorVersion, host, at, address, nonce: claimed.nonce };
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

/** RFC 6750, section 2.1. */
export function bearerToken(headers: Headers): string {
  const match = /^Bearer ([^\s]{1,200})$/i.exec(headers.get("authorization") ?? "");
  if (!match?.[1]) {
    throw new Problem(
      "token-unknown",
      "Cannot enroll sensor: the request needs an Authorization header with the token",
    );
  }
  return match[1];
}
