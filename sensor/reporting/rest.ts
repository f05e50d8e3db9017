// A sensor at rest: it checks in with the report that the server has, as long as nothing on the host changes
// and the server wants nothing. It has little memory: it loads no schema, no collector, and nothing that
// only other replies need. docs/decisions/0034-a-sensor-at-rest.md explains how it takes turns with `run`.
import { readFileSync } from "node:fs";
import { verifiedFetch } from "@attacklens/protocol/verified-fetch.ts";
import { isUnchanged } from "../collectors/seen-files.ts";
import type { KeptInventory } from "../inventory/inventory.ts";
import { isStillValid } from "../inventory/kept-result.ts";
import { kernelStateOf } from "../inventory/kernel-state.ts";
import type { SensorStatusFile } from "../state/status-file.ts";
import { overdueAfter, writeStatus } from "../state/write-status.ts";
import { jitteredMs } from "../transport/back-off.ts";
import { type Sign, type Signer, signedHeaders } from "../transport/sign-request.ts";
import type { CycleMemory } from "./cycle.ts";

export interface RestState {
  /** It stays the same when a process is replaced. */
  processId: number;
  stateDir: string;
  /** Of `run`. */
  args: string[];
  identityPath: string;
  sensorId: string;
  publicKey: string;
  /** SHA-256 of the identity file that `run` has checked. */
  identityHash: string;
  /** Until the next check-in. */
  waitMs: number;
  request: { method: string; path: string; body: string };
  /** What the server replies as long as it wants nothing. */
  reply: {
    status: number;
    checkInIntervalSeconds: number;
    serverKey?: string | undefined;
    /** Null: the header is absent. */
    headers: Record<string, string | null>;
  };
  status: SensorStatusFile;
  kept: KeptInventory;
  memory: CycleMemory;
  /** How often in a row the rest ended before its first check-in. */
  shortRests: number;
}

/** The identity as far as a check-in needs it. */
interface CheckedIdentity {
  server: string;
  sensorId: string;
  publicKey: string;
  privateKey: string;
  ca?: string[];
  proxy?: string;
}

const TIMEOUT_MS = 30_000;
const MAX_REPLY_BYTES = 16 * 1024;
/** `rotateKey` and `undecided` may be false. */
const QUIET_FIELDS = new Set([
  "serverTime",
  "checkInIntervalSeconds",
  "wanted",
  "serverKey",
  "rotateKey",
  "undecided",
]);

/**
 * Waits for the next check-in, and makes it if nothing has changed. Returns whether the sensor may rest
 * again. The state then has what the check-in has changed. Never throws.
 */
export async function checkInAtRest(state: RestState, signal: AbortSignal): Promise<boolean> {
  try {
    const text = readFileSync(state.identityPath, "utf8");
    if (hashOf(text) !== state.identityHash || hasChanged(state.kept)) return false;
    const identity = JSON.parse(text) as CheckedIdentity;
    const signer: Signer = {
      ...{ clockOffsetMs: 0, lastNonce: 0, instanceId: "", ...state.memory.signer },
      ...{ keyid: identity.sensorId, now: Date.now },
    };
    const isQuiet = await checkIn(state, identity, signer, signal);
    const { clockOffsetMs, lastNonce, instanceId, mac } = signer;
    state.memory.signer = { clockOffsetMs, lastNonce, instanceId, mac };
    if (!isQuiet) return false;
    const intervalMs = state.reply.checkInIntervalSeconds * 1000;
    const at = new Date().toISOString();
    writeStatus(state.stateDir, {
      ...{ ...state.status, at, overdueAt: overdueAfter(at, intervalMs), lastCheckInAt: at },
    });
    state.waitMs = jitteredMs(intervalMs);
    return true;
  } catch {
    // `run` finds the reason, and reports it.
    return false;
  }
}

function hasChanged({ results, settings }: KeptInventory): boolean {
  const nowMs = Date.now();
  return (
    !isUnchanged(settings) ||
    results.some((each) => !isStillValid(each, kernelStateOf(each.category, "/"), nowMs))
  );
}

/** Whether the server wants nothing. Throws if it does not reply. */
async function checkIn(
  { request, reply, memory }: RestState,
  identity: CheckedIdentity,
  signer: Signer,
  signal: AbortSignal,
): Promise<boolean> {
  const { server, ca, proxy } = identity;
  const { method, path, body } = request;
  const signed = await signedHeaders(signer, { ...request, acceptsMac: true }, signAs(identity));
  const response = await verifiedFetch(server + path, {
    method,
    // A compressed reply could be larger than its length says.
    headers: { ...signed, "accept-encoding": "identity" },
    body,
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    ca,
    proxy: proxy ?? memory.proxy ?? false,
  });
  const size = Number(response.headers.get("content-length") ?? Number.NaN);
  const isExpected =
    response.status === reply.status &&
    size <= MAX_REPLY_BYTES &&
    !response.headers.has("content-encoding") &&
    Object.entries(reply.headers).every(([name, value]) => response.headers.get(name) === value);
  return isExpected && isQuietReply(await response.json(), reply);
}

/** Loading the library for keys of Node.js takes 8 ms and 4 MB, a quarter of a check-in. */
function signAs({ publicKey: x, privateKey: d }: CheckedIdentity): Sign {
  return async (text) => {
    const jwk = { kty: "OKP", crv: "Ed25519", x, d };
    const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", key, text as BufferSource));
  };
}

/** Any other reply is read by `run`, with its schema, after a further check-in. */
export function isQuietReply(body: unknown, expected: RestState["reply"]): boolean {
  if (typeof body !== "object" || body === null) return false;
  const { checkInIntervalSeconds, serverKey, ...fields } = body as Record<string, unknown>;
  return (
    Object.keys(body).every((name) => QUIET_FIELDS.has(name)) &&
    checkInIntervalSeconds === expected.checkInIntervalSeconds &&
    serverKey === expected.serverKey &&
    Array.isArray(fields.wanted) &&
    fields.wanted.length === 0 &&
    !fields.rotateKey &&
    !fields.undecided
  );
}

export function hashOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
