// Whether this host could enroll, step by step: name, connection, clock, token. Nothing is kept, no use of the token is spent.
import { lookup } from "node:dns/promises";
import { checkToken, type HostFacts } from "@attacklens/protocol/enroll.ts";
import { MAX_CLOCK_SKEW_SECONDS } from "@attacklens/protocol/signature.ts";
import {
  describeChain,
  findPinnedRoot,
  issuerOf,
  lookAtCertificate,
  pinOf,
  type Seen,
} from "./certificates.ts";
import { makeIdentity, privateKeyOf, type Way } from "./identity.ts";
import { bareHost, describeProxy, openTunnel } from "./proxy.ts";
import { connect, networkReason, send } from "./request.ts";
import type { SensorError } from "./sensor-error.ts";
import { Refused, Unreachable } from "./server-reply.ts";

export interface Finding {
  step: "name" | "proxy" | "certificate" | "pin" | "server" | "clock" | "token" | "inspection";
  ok: boolean;
  text: string;
  hint?: string;
}

export interface CheckOptions {
  server: string;
  /** Absent: the token is not looked at. */
  token: string | undefined;
  /** `sha256:…` of the private CA's key; undefined: the system's trust store decides. */
  caPin: string | undefined;
  /** With its credentials. */
  proxy: string | undefined;
  host: HostFacts;
}

const TIMEOUT_MS = 10_000;
/** A Date header says whole seconds, and servers make a new one once a second. */
const DATE_PRECISION_MS = 2_000;

/** The findings in their order; ends with the first that nothing can be looked at behind. */
export async function* check({ server, token, caPin, proxy, host }: CheckOptions): AsyncGenerator<Finding> {
  const url = new URL(server);
  if (proxy === undefined) {
    const name = await checkName(url.hostname);
    yield name;
    if (!name.ok) return;
  } else {
    const tunnel = await checkProxy(proxy, url);
    yield tunnel;
    if (!tunnel.ok) return;
  }
  let seen: Seen | undefined;
  let ca: string[] | undefined;
  if (url.protocol === "https:") {
    const looked = await checkCertificate(server, proxy, caPin);
    yield looked.finding;
    if (!looked.seen) return;
    seen = looked.seen;
    if (caPin !== undefined) {
      const { finding, root } = await checkPin(server, proxy, caPin);
      yield finding;
      if (root === undefined) return;
      ca = [root];
    }
  }
  const way = { ca, proxy };
  const { finding, clockOffsetMs } = await checkServer(server, way);
  yield finding;
  if (!finding.ok) return;
  if (clockOffsetMs !== undefined) yield clockFinding(clockOffsetMs);
  if (token === undefined) return;
  const told = await checkTokenState(server, way, token, host.hostname);
  if (seen?.chain[0] !== undefined && told.certificate) {
    const isAnother = pinOf(seen.chain[0]) !== told.certificate;
    if (isAnother) yield inspectionFinding(seen);
  }
  yield told.finding;
}

async function checkName(hostname: string): Promise<Finding> {
  const bare = bareHost(hostname);
  try {
    const addresses = await lookup(bare, { all: true });
    return { step: "name", ok: true, text: `${bare} is ${addresses.map((one) => one.address).join(", ")}` };
  } catch (error) {
    return {
      step: "name",
      ok: false,
      text: `${bare} cannot be looked up (${(error as NodeJS.ErrnoException).code})`,
      hint: "look at the spelling of --server and at this host's DNS",
    };
  }
}

async function checkProxy(proxy: string, url: URL): Promise<Finding> {
  const shown = describeProxy(proxy);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  try {
    (await openTunnel(proxy, bareHost(url.hostname), port, TIMEOUT_MS)).destroy();
    return { step: "proxy", ok: true, text: `${shown} connects to ${url.host}` };
  } catch (error) {
    const text = error instanceof Unreachable ? error.message : networkReason(error);
    return {
      step: "proxy",
      ok: false,
      text: `${shown}: ${text}`,
      hint: "look at --proxy http://USER:PASSWORD@HOST:PORT, or HTTPS_PROXY and NO_PROXY",
    };
  }
}

/** What the server shows, trusted or not: a proxy that inspects TLS is known by its issuer. */
async function checkCertificate(
  server: string,
  proxy: string | undefined,
  caPin: string | undefined,
): Promise<{ finding: Finding; seen?: Seen }> {
  try {
    const seen = await lookAtCertificate(server, proxy);
    const text = `${seen.protocol}, ${describeChain(seen.chain)}`;
    // With a pin it is the pin that decides.
    if (seen.refusal === undefined || caPin !== undefined)
      return { finding: { step: "certificate", ok: true, text }, seen };
    const hint = isPrivate(seen)
      ? "give the pin that the console shows by --ca-pin"
      : `an issuer that is not the server's own is a proxy that inspects TLS, or another server: here ${issuerOf(seen.chain)}`;
    return {
      finding: { step: "certificate", ok: false, text: `${text}; not trusted here: ${seen.refusal}`, hint },
    };
  } catch (error) {
    const text = error instanceof Unreachable ? error.message : networkReason(error);
    return { finding: { step: "certificate", ok: false, text } };
  }
}

const isPrivate = ({ chain }: Seen) => issuerOf(chain).startsWith("AttackLens private CA");

async function checkPin(
  server: string,
  proxy: string | undefined,
  caPin: string,
): Promise<{ finding: Finding; root?: string }> {
  try {
    const root = await findPinnedRoot(server, caPin, proxy);
    return { finding: { step: "pin", ok: true, text: `${caPin} is the server's private CA` }, root };
  } catch (error) {
    const { message, hint } = error as SensorError;
    return { finding: { step: "pin", ok: false, text: message, ...(hint ? { hint } : {}) } };
  }
}

function inspectionFinding(seen: Seen): Finding {
  return {
    step: "inspection",
    ok: true,
    text: `the certificate seen here is not the one that the server shows: a proxy that inspects TLS, or a load balancer that ends it, reads along (issuer: ${issuerOf(seen.chain)})`,
    hint: "let this host reach the server without it, or give the server's pin by --ca-pin, which refuses it",
  };
}

async function checkServer(server: string, way: Way): Promise<{ finding: Finding; clockOffsetMs?: number }> {
  const askedAt = Date.now();
  try {
    const reply = await fetch(`${server}/healthz`, {
      redirect: "manual",
      proxy: way.proxy ?? false,
      ...(way.ca ? { tls: { ca: way.ca } } : {}),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = (await reply.json().catch(() => undefined)) as { status?: unknown } | undefined;
    if (reply.status !== 200 || body?.status !== "ok") {
      const text = `${server} answers ${reply.status}, not as AttackLens does`;
      return {
        finding: { step: "server", ok: false, text, hint: "look at --server, and at what stands before it" },
      };
    }
    const date = Date.parse(reply.headers.get("date") ?? "");
    return {
      finding: { step: "server", ok: true, text: `${server} answers` },
      ...(Number.isNaN(date) ? {} : { clockOffsetMs: offsetFrom(date, askedAt, Date.now()) }),
    };
  } catch (error) {
    const text = `${server} cannot be reached: ${networkReason(error)}`;
    return { finding: { step: "server", ok: false, text, hint: "look at firewalls between here and there" } };
  }
}

/** Of our clock from the server's, which says its time to the second, at some instant between question and answer. */
function offsetFrom(date: number, askedAt: number, answeredAt: number): number {
  const earliest = askedAt - date - DATE_PRECISION_MS;
  const latest = answeredAt - date;
  if (earliest <= 0 && latest >= 0) return 0;
  return latest < 0 ? latest : earliest;
}

function clockFinding(offsetMs: number): Finding {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (seconds <= 1) return { step: "clock", ok: true, text: "agrees with the server's" };
  const text = `${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} the server's`;
  if (seconds <= MAX_CLOCK_SKEW_SECONDS) return { step: "clock", ok: true, text };
  return { step: "clock", ok: true, text: `${text}: the sensor corrects itself by the server's time` };
}

async function checkTokenState(
  server: string,
  way: Way,
  token: string,
  hostname: string,
): Promise<{ finding: Finding; certificate?: string | null | undefined }> {
  // A key for this one request: the route takes any, and keeps none.
  const identity = makeIdentity(server);
  try {
    const connection = connect(server, privateKeyOf(identity), identity.publicKey, way);
    const told = await send(connection, checkToken, { body: { hostname }, token });
    const { certificate } = told;
    if (told.refusal) {
      return {
        certificate,
        finding: {
          step: "token",
          ok: false,
          text: `would be refused: ${told.refusal.detail}`,
          hint: "change the token in the console under Sensors > Enrollment Tokens, or create another",
        },
      };
    }
    const group = told.assetGroup ? `the asset group ${told.assetGroup.name}` : "no asset group";
    const approval = told.awaitingApproval ? ", and wait for a person's approval" : "";
    const text = `${hostname} from ${told.address} would enroll into ${group}${approval}`;
    return { certificate, finding: { step: "token", ok: true, text } };
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
    return {
      finding: {
        step: "token",
        ok: false,
        text: error.message,
        hint: "copy the whole value again, from atl_enr_ to its end, or create another token",
      },
    };
  }
}
