// The preflight check: tests each step of an enrollment, with a hint for each problem. Saves nothing and
// takes no use of the token.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import type { Way } from "../../state/identity.ts";
import { pinOf } from "../../transport/certificates.ts";
import { checkCertificate, checkPin, inspectionFinding, PLAIN } from "./certificate.ts";
import type { Finding } from "./finding.ts";
import { lookAtWay } from "./route.ts";
import { checkServer, clockFinding } from "./server.ts";
import { askAboutToken } from "./token.ts";

const STEPS = [
  ...["name", "proxy", "certificate", "pin", "server", "clock"],
  ...["token", "network", "group"],
] as const;
const TOKEN_STEPS = ["token", "network", "group"];

export interface CheckOptions {
  server: string;
  /** Absent: the token is not checked. */
  token: string | undefined;
  /** `sha256:…` of the private CA's key; undefined: the system's trust store is used. */
  caPin: string | undefined;
  /** With its credentials. */
  proxy: string | undefined;
  host: HostFacts;
}

/** Yields a finding for each step, in order. After a failed step, the rest is skipped. */
export async function* check(options: CheckOptions): AsyncGenerator<Finding> {
  const found = new Set<string>();
  let failed: string | undefined;
  for await (const finding of look(options)) {
    found.add(finding.step);
    if (finding.state === "failed") failed ??= finding.step;
    yield finding;
  }
  for (const step of STEPS.filter((one) => !found.has(one))) {
    const isWithout = options.token === undefined && TOKEN_STEPS.includes(step);
    const text = isWithout ? "no token was given" : `not checked: ${failed} failed`;
    yield { step, state: "skipped", text, ...(isWithout ? { hint: "add --token-file FILE" } : {}) };
    // One line is enough for all steps that need a token.
    if (isWithout) return;
  }
}

async function* look({ server, token, caPin, proxy, host }: CheckOptions): AsyncGenerator<Finding> {
  const url = new URL(server);
  if (!(yield* lookAtWay(url, proxy))) return;
  const isTls = url.protocol === "https:";
  const { finding, seen } = isTls ? await checkCertificate(server, proxy, caPin) : PLAIN;
  yield finding;
  if (finding.state === "failed") return;
  const { root, ...pinned } = await checkPin(server, proxy, caPin);
  yield pinned;
  if (pinned.state === "failed") return;
  const way: Way = { ...(root ? { ca: [root] } : {}), ...(proxy ? { proxy } : {}) };
  const { reached, clockOffsetMs } = await checkServer(server, way);
  yield reached;
  if (reached.state === "failed") return;
  yield clockFinding(clockOffsetMs);
  if (token === undefined) return;
  const told = await askAboutToken(server, way, token, host.hostname);
  const [leaf] = seen?.chain ?? [];
  // A pin excludes inspection, and each server of a private CA has a different certificate.
  if (leaf && caPin === undefined && told.certificate && pinOf(leaf) !== told.certificate)
    yield inspectionFinding(seen!);
  yield* told.findings;
}
