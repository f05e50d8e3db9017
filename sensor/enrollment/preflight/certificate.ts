// Preflight check of the server's certificate, against the pin or this host's trust store.

import type { ExitName } from "@attacklens/protocol/sensor-exits.ts";
import { SensorError } from "../../sensor-error.ts";
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
    text: "none: plain HTTP on this host",
  } satisfies Finding,
  seen: undefined,
};

/** Describes the certificate, trusted or not. The issuer reveals a proxy that inspects TLS. */
export async function checkCertificate(
  server: string,
  proxy: string | undefined,
  caPin: string | undefined,
): Promise<{ finding: Finding; seen?: Seen }> {
  const step = "certificate";
  try {
    const seen = await lookAtCertificate(server, proxy);
    const text = `${seen.protocol}, ${describeChain(seen.chain)}`;
    // If there is a pin, it decides.
    if (seen.refusal === undefined || caPin !== undefined)
      return { finding: { step, state: "ok", text }, seen };
    const { hint, exit } = refusalHint(seen);
    return {
      finding: {
        step,
        state: "failed",
        text: `${text}; not trusted by this host: ${seen.refusal}`,
        hint,
        exit,
      },
    };
  } catch (error) {
    const { message } = await failureOf({ server, proxy }, error);
    const hint = "check --server and its port, and firewalls between this host and the server";
    return { finding: { step, state: "failed", text: message, hint } };
  }
}

function refusalHint({ chain, refusal = "" }: Seen): { hint: string; exit: ExitName } {
  if (/NOT_YET_VALID/.test(refusal))
    return { hint: `correct this host's clock (${new Date().toISOString()})`, exit: "clockWrong" };
  if (/EXPIRED/.test(refusal)) {
    const hint = `renew the server's certificate, or correct this host's clock (${new Date().toISOString()})`;
    return { hint, exit: "wrongServer" };
  }
  if (/ALTNAME/.test(refusal))
    return { hint: "use a name in --server that the certificate covers", exit: "wrongServer" };
  const issuer = issuerOf(chain);
  const hint = issuer.startsWith("AttackLens private CA")
    ? "use --ca-pin with the pin from the console"
    : `${issuer} is a CA that this host does not trust, or a proxy that inspects TLS: add the CA to this host's trust store, or bypass the proxy`;
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
    return { step, state: "ok", text: isTls ? "not pinned: this host's trust store is used" : "none" };
  }
  try {
    const root = await findPinnedRoot(server, caPin, proxy);
    return { step, state: "ok", text: `the server presents ${caPin}`, root };
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
    text: `this host sees a certificate other than the server's: a proxy that inspects TLS or a load balancer presents it (issuer: ${issuerOf(seen.chain)})`,
    hint: "bypass the proxy, or use --ca-pin if the server has a private CA: the pin rejects such a proxy",
  };
}
