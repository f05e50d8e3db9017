// The server's certificate, as this host or the pin judges it.

import { type ExitName, SensorError } from "../../sensor-error.ts";
import {
  describeChain,
  findPinnedRoot,
  issuerOf,
  lookAtCertificate,
  type Seen,
} from "../../transport/certificates.ts";
import { failureOf } from "../../transport/request.ts";
import type { Finding } from "./finding.ts";

export const PLAIN = {
  finding: {
    step: "certificate",
    state: "ok",
    text: "none: plain HTTP, which does not leave this host",
  } satisfies Finding,
  seen: undefined,
};

/** What the server shows, trusted or not: a proxy that inspects TLS is known by its issuer. */
export async function checkCertificate(
  server: string,
  proxy: string | undefined,
  caPin: string | undefined,
): Promise<{ finding: Finding; seen?: Seen }> {
  const step = "certificate";
  try {
    const seen = await lookAtCertificate(server, proxy);
    const text = `${seen.protocol}, ${describeChain(seen.chain)}`;
    // With a pin it is the pin that decides.
    if (seen.refusal === undefined || caPin !== undefined)
      return { finding: { step, state: "ok", text }, seen };
    const { hint, exit } = refusalHint(seen);
    return {
      finding: { step, state: "failed", text: `${text}; not trusted here: ${seen.refusal}`, hint, exit },
    };
  } catch (error) {
    const { message } = await failureOf({ server, proxy }, error);
    const hint = "look at --server and its port, and at firewalls between here and there";
    return { finding: { step, state: "failed", text: message, hint } };
  }
}

function refusalHint({ chain, refusal = "" }: Seen): { hint: string; exit: ExitName } {
  if (/NOT_YET_VALID/.test(refusal))
    return { hint: `set this host's clock, which says ${new Date().toISOString()}`, exit: "clockWrong" };
  if (/EXPIRED/.test(refusal)) {
    const hint = `renew the server's certificate, or set this host's clock, which says ${new Date().toISOString()}`;
    return { hint, exit: "wrongServer" };
  }
  if (/ALTNAME/.test(refusal))
    return { hint: "give --server a name that the certificate is for", exit: "wrongServer" };
  const issuer = issuerOf(chain);
  const hint = issuer.startsWith("AttackLens private CA")
    ? "give the pin that the console shows by --ca-pin"
    : `${issuer} is a proxy that inspects TLS, unless it is who certifies the server: let this host reach the server without it, or add it to this host's trust store`;
  return { hint, exit: "wrongServer" };
}

export async function checkPin(
  server: string,
  proxy: string | undefined,
  caPin: string | undefined,
): Promise<Finding & { root?: string }> {
  const step = "pin";
  if (caPin === undefined) {
    const isTls = server.startsWith("https:");
    return { step, state: "ok", text: isTls ? "none: this host's trust store decides" : "none" };
  }
  try {
    const root = await findPinnedRoot(server, caPin, proxy);
    return { step, state: "ok", text: `${caPin} is shown`, root };
  } catch (error) {
    if (error instanceof SensorError)
      return { step, state: "failed", text: error.message, hint: error.hint, exit: error.exit };
    return { step, state: "failed", text: (await failureOf({ server, proxy }, error)).message };
  }
}

export function inspectionFinding(seen: Seen): Finding {
  return {
    step: "inspection",
    state: "note",
    text: `the certificate seen here is not the server's own: a proxy that inspects TLS reads along, or a load balancer (issuer: ${issuerOf(seen.chain)})`,
    hint: "let this host reach the server without it, or give --ca-pin where the server has a private CA: it refuses such a proxy",
  };
}
