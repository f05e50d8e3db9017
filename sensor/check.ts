// Whether this host could enroll, step by step, with what to do about what is wrong. Nothing is kept, no use of the token is spent.
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
import { TOKEN_HINTS } from "./enroll.ts";
import { makeIdentity, privateKeyOf, type Way } from "./identity.ts";
import { bareHost, describeProxy, fetchBy, openTunnel } from "./proxy.ts";
import { connect, failureOf, send } from "./request.ts";
import { type ExitName, SensorError } from "./sensor-error.ts";
import { Refused, Unreachable } from "./server-reply.ts";
import { SENSOR_STATES } from "./status-file.ts";

const STEPS = [
  ...["name", "proxy", "certificate", "pin", "server", "clock"],
  ...["token", "network", "group"],
] as const;
const TOKEN_STEPS = ["token", "network", "group"];

export interface Finding {
  step: string;
  /** `note`: it could enroll, and a person may want to know; `skipped`: could not be looked at, or there is nothing to look at. */
  state: "ok" | "note" | "failed" | "skipped";
  text: string;
  hint?: string | undefined;
  /** How the command ends where this failed. */
  exit?: ExitName;
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

/** A finding for each step, in their order; behind the first that failed, those are skipped that need it. */
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
    const text = isWithout ? "no token is given" : `not looked at: ${failed} has failed`;
    yield { step, state: "skipped", text, ...(isWithout ? { hint: "add --token-file FILE" } : {}) };
    // Once is enough to say.
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
  // A pin has ruled it out, and each server of a private CA has a certificate of its own.
  if (leaf && caPin === undefined && told.certificate && pinOf(leaf) !== told.certificate)
    yield inspectionFinding(seen!);
  yield* told.findings;
}

const PLAIN = {
  finding: {
    step: "certificate",
    state: "ok",
    text: "none: plain HTTP, which does not leave this host",
  } satisfies Finding,
  seen: undefined,
};

/** Name resolution and proxy: whose name is looked up here depends on whether there is one. */
async function* lookAtWay(url: URL, proxy: string | undefined): AsyncGenerator<Finding, boolean> {
  if (proxy === undefined) {
    const name = await checkName(url.hostname, "--server");
    yield name;
    yield { step: "proxy", state: "ok", text: "none" };
    return name.state !== "failed";
  }
  const name = await checkName(new URL(proxy).hostname, "the proxy's address");
  yield { ...name, text: `${name.text}: the proxy, which looks up ${bareHost(url.hostname)} itself` };
  if (name.state === "failed") return false;
  const tunnel = await checkProxy(proxy, url);
  yield tunnel;
  return tunnel.state !== "failed";
}

async function checkName(hostname: string, origin: string): Promise<Finding> {
  const bare = bareHost(hostname);
  try {
    const addresses = await lookup(bare, { all: true });
    const text = `${bare} is ${[...new Set(addresses.map((one) => one.address))].join(", ")}`;
    return { step: "name", state: "ok", text };
  } catch (error) {
    return {
      step: "name",
      state: "failed",
      text: `${bare} cannot be looked up (${(error as NodeJS.ErrnoException).code})`,
      hint: `look at the spelling of ${origin} and at this host's DNS`,
    };
  }
}

async function checkProxy(proxy: string, url: URL): Promise<Finding> {
  const shown = describeProxy(proxy);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  try {
    (await openTunnel(proxy, bareHost(url.hostname), port, TIMEOUT_MS)).destroy();
    return { step: "proxy", state: "ok", text: `${shown} connects to ${url.host}` };
  } catch (error) {
    return {
      step: "proxy",
      state: "failed",
      text: (await failureOf({ server: url.origin, proxy }, error)).message,
      hint: "look at --proxy http://USER:PASSWORD@HOST:PORT, or at HTTPS_PROXY, ALL_PROXY and NO_PROXY",
    };
  }
}

/** What the server shows, trusted or not: a proxy that inspects TLS is known by its issuer. */
async function checkCertificate(
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

async function checkPin(
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

function inspectionFinding(seen: Seen): Finding {
  return {
    step: "inspection",
    state: "note",
    text: `the certificate seen here is not the server's own: a proxy that inspects TLS reads along, or a load balancer (issuer: ${issuerOf(seen.chain)})`,
    hint: "let this host reach the server without it, or give --ca-pin where the server has a private CA: it refuses such a proxy",
  };
}

async function checkServer(
  server: string,
  way: Way,
): Promise<{ reached: Finding; clockOffsetMs?: number | undefined }> {
  const step = "server";
  const askedAt = Date.now();
  try {
    const reply = await fetchBy(way, `${server}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = (await reply.json().catch(() => undefined)) as { status?: unknown } | undefined;
    if (reply.status !== 200 || body?.status !== "ok") {
      const text = `${server} answers ${reply.status}, not as AttackLens does`;
      const hint = "look at --server, and at what stands before it";
      return { reached: { step, state: "failed", text, hint } };
    }
    const date = Date.parse(reply.headers.get("date") ?? "");
    return {
      reached: { step, state: "ok", text: `${server} answers` },
      clockOffsetMs: Number.isNaN(date) ? undefined : offsetFrom(date, askedAt, Date.now()),
    };
  } catch (error) {
    const { message, state } = await failureOf({ server, ...way }, error);
    const hints: Partial<Record<typeof state, string>> = {
      "wrong-server":
        "another server answers there, or a proxy that inspects TLS: let this host reach the server without it",
      "clock-wrong": "set this host's clock",
    };
    return {
      reached: {
        step,
        state: "failed",
        text: `${server} cannot be reached: ${message}`,
        hint: hints[state] ?? "look at firewalls between here and there",
        exit: SENSOR_STATES[state],
      },
    };
  }
}

/** Of our clock from the server's, which says its time to the second, at some instant between question and answer. */
function offsetFrom(date: number, askedAt: number, answeredAt: number): number {
  const earliest = askedAt - date - DATE_PRECISION_MS;
  const latest = answeredAt - date;
  if (earliest <= 0 && latest >= 0) return 0;
  return latest < 0 ? latest : earliest;
}

function clockFinding(offsetMs: number | undefined): Finding {
  const step = "clock";
  if (offsetMs === undefined) return { step, state: "skipped", text: "the server does not tell its time" };
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (seconds <= 1) return { step, state: "ok", text: "agrees with the server's" };
  const text = `${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} the server's`;
  if (seconds <= MAX_CLOCK_SKEW_SECONDS) return { step, state: "ok", text };
  return {
    step,
    state: "note",
    text: `${text}: the sensor corrects itself by the server's time`,
    hint: "set this host's clock all the same: by it certificates begin and end",
  };
}

async function askAboutToken(
  server: string,
  way: Way,
  token: string,
  hostname: string,
): Promise<{ findings: Finding[]; certificate?: string | null | undefined }> {
  // A key for this one request: the route takes any, and keeps none.
  const identity = makeIdentity(server);
  try {
    const connection = connect(server, privateKeyOf(identity), identity.publicKey, way);
    const told = await send(connection, checkToken, { body: { hostname }, token });
    return { findings: tokenFindings(told, hostname), certificate: told.certificate };
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
    const isRefused = error instanceof Refused;
    const hint = isRefused ? TOKEN_HINTS[error.problem.code] : "run the same command again later";
    const exit = isRefused ? "tokenRefused" : "serverUnreachable";
    return { findings: [{ step: "token", state: "failed", text: error.message, hint, exit }] };
  }
}

function tokenFindings(
  { refusal, address, assetGroup, awaitingApproval }: Awaited<ReturnType<typeof send<typeof checkToken>>>,
  hostname: string,
): Finding[] {
  const ok = "ok" as const;
  if (!refusal) {
    const group = assetGroup ? `the asset group ${assetGroup.name}` : "no asset group";
    const approval = awaitingApproval ? ", and waits for a person's approval" : "";
    return [
      { step: "token", state: ok, text: "would be accepted" },
      { step: "network", state: ok, text: `${address}, as the server sees this host, is allowed` },
      { step: "group", state: ok, text: `${hostname} comes into ${group}${approval}` },
    ];
  }
  const refused = {
    state: "failed" as const,
    text: `would be refused: ${refusal.detail}`,
    hint: TOKEN_HINTS[refusal.code],
    exit: "tokenRefused" as const,
  };
  if (refusal.code === "network-not-allowed")
    return [
      { step: "token", state: ok, text: "is good" },
      { step: "network", ...refused },
    ];
  const seenAs = `${address}, as the server sees this host; not judged: the token is refused`;
  return [
    { step: "token", ...refused },
    { step: "network", state: "skipped", text: seenAs },
  ];
}
