// Whether this host could enroll, step by step: name, connection, clock, token. Nothing is kept, no use of the token is spent.
import { lookup } from "node:dns/promises";
import { connect as connectTls, type PeerCertificate } from "node:tls";
import { checkToken, type HostFacts } from "@attacklens/protocol/enroll.ts";
import { MAX_CLOCK_SKEW_SECONDS } from "@attacklens/protocol/signature.ts";
import { makeIdentity, privateKeyOf } from "./identity.ts";
import { connect, networkReason, send } from "./request.ts";
import { Refused, Unreachable } from "./server-reply.ts";
import { isLoopback } from "./server-url.ts";

export interface Finding {
  step: "name" | "proxy" | "certificate" | "server" | "clock" | "token";
  ok: boolean;
  text: string;
  hint?: string;
}

export interface CheckOptions {
  server: string;
  /** Absent: the token is not looked at. */
  token: string | undefined;
  /** The proxy that requests go through, without its credentials. */
  proxy: string | undefined;
  host: HostFacts;
}

const TIMEOUT_MS = 10_000;
/** A Date header says whole seconds, and servers make a new one once a second. */
const DATE_PRECISION_MS = 2_000;

/** The findings in their order; ends with the first that nothing can be looked at behind. */
export async function* check({ server, token, proxy, host }: CheckOptions): AsyncGenerator<Finding> {
  const url = new URL(server);
  const isDirect = proxy === undefined || isLoopback(url.hostname);
  if (isDirect) {
    const name = await checkName(url.hostname);
    yield name;
    if (!name.ok) return;
    if (url.protocol === "https:") yield await checkCertificate(url);
  } else yield { step: "proxy", ok: true, text: `requests go through ${proxy}` };
  const { finding, clockOffsetMs } = await checkServer(server);
  yield finding;
  if (!finding.ok) return;
  if (clockOffsetMs !== undefined) yield clockFinding(clockOffsetMs);
  if (token !== undefined) yield await checkTokenState(server, token, host.hostname);
}

async function checkName(hostname: string): Promise<Finding> {
  const bare = hostname.replace(/^\[|\]$/g, "");
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

/** What the server shows, trusted or not: a proxy that inspects TLS is known by its issuer. */
async function checkCertificate(url: URL): Promise<Finding> {
  return await new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket = connectTls({
      host,
      port: Number(url.port || 443),
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      rejectUnauthorized: false,
      timeout: TIMEOUT_MS,
    });
    const end = (finding: Omit<Finding, "step">) => {
      socket.destroy();
      resolve({ step: "certificate", ...finding });
    };
    socket.once("timeout", () => end({ ok: false, text: "no answer to the TLS handshake" }));
    socket.once("error", (error) => end({ ok: false, text: networkReason(error) }));
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerCertificate();
      const text = `${socket.getProtocol() ?? "TLS"}, issued by ${issuerOf(certificate)}, valid until ${certificate.valid_to ?? "?"}`;
      if (socket.authorized) return end({ ok: true, text });
      end({
        ok: false,
        text: `${text}; not trusted here: ${String(socket.authorizationError)}`,
        hint: "an issuer that is not the server's own is a proxy that inspects TLS, or another server",
      });
    });
  });
}

function issuerOf({ issuer }: PeerCertificate): string {
  return [issuer?.CN, issuer?.O].filter(Boolean).join(", ") || "an issuer without a name";
}

async function checkServer(server: string): Promise<{ finding: Finding; clockOffsetMs?: number }> {
  const askedAt = Date.now();
  try {
    const reply = await fetch(`${server}/healthz`, {
      redirect: "manual",
      proxy: isLoopback(new URL(server).hostname) ? false : undefined,
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

async function checkTokenState(server: string, token: string, hostname: string): Promise<Finding> {
  // A key for this one request: the route takes any, and keeps none.
  const identity = makeIdentity(server);
  try {
    const connection = connect(server, privateKeyOf(identity), identity.publicKey);
    const told = await send(connection, checkToken, { body: { hostname }, token });
    if (told.refusal) {
      return {
        step: "token",
        ok: false,
        text: `would be refused: ${told.refusal.detail}`,
        hint: "change the token in the console under Sensors > Enrollment Tokens, or create another",
      };
    }
    const group = told.assetGroup ? `the asset group ${told.assetGroup.name}` : "no asset group";
    const approval = told.awaitingApproval ? ", and wait for a person's approval" : "";
    return {
      step: "token",
      ok: true,
      text: `${hostname} from ${told.address} would enroll into ${group}${approval}`,
    };
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
    return {
      step: "token",
      ok: false,
      text: error.message,
      hint: "copy the whole value again, from atl_enr_ to its end, or create another token",
    };
  }
}
