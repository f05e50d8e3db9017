// A sensor written only from docs/sensor-protocol.md, without our code: its state while it runs, its signed
// requests, and its pauses after failures. It throws if a reply is not described on the page.
import { type KeyObject, randomBytes, randomUUID } from "node:crypto";
import type { Json } from "./inventory-chunks.ts";
import { endMacs, MAC_PATH, noteRefusedMac } from "./macs.ts";
import { type Identity, listKept, openFolder, writeIdentity } from "./sensor-folder.ts";
import {
  type Asked,
  ask,
  type Connection,
  openConnection,
  type Problem,
  type Result,
} from "./signed-exchange.ts";
import { agreementKeyOf, keyProof, privateKeyOf, publicKeyTextOf } from "./signed-requests.ts";

export const VERSION = { protocolVersion: 1, sensorVersion: "second-1.0" } as const;
const MAX_BACKOFF_MS = 5 * 60_000;
const MAX_RETRY_AFTER_SECONDS = 3600;

export const REFUSED_FOR_CONTENT = ["malformed-request", "body-too-large", "input-invalid"];

const PAUSE_SECONDS: Record<string, number> = {
  "sensor-unknown": 900,
  "sensor-blocked": 900,
  "sensor-awaiting-approval": 60,
  "sensor-cloned": 900,
  "key-replaced": 900,
};

export type HostFacts = Record<string, Json> & { hostname: string };

export interface SecondSensor {
  folder: string;
  host: HostFacts;
  connection: Connection;
  identity: Identity;
  sleep: (pauseMs: number) => Promise<void>;
  hostIsDue: boolean;
  nextIsAnnounced: boolean;
  failures: number;
  /** The X25519 key that the next check-in announces. */
  agreementKey: KeyObject;
  /** The key of MACs; undefined: none is agreed. */
  mac: { key: Buffer; serverKeyId: string } | undefined;
  /** When a MAC was refused the last time. */
  macRefusedAt: number;
  macPausedUntil: number;
  /** The report that was last spooled or accepted. */
  previous: string | undefined;
}

export type Outcome =
  | { kind: "taken" | "undecided"; pauseMs: number }
  | { kind: "refused"; pauseMs: number; problem: Problem }
  | { kind: "unanswered"; pauseMs: number; why: string };

export interface SensorOptions {
  folder: string;
  address: string;
  host: HostFacts;
  now?: () => number;
  sleep?: SecondSensor["sleep"];
}

/** Starts an instance. The key is on the disk when this returns. */
export function startSensor({
  folder,
  address,
  host,
  now = Date.now,
  sleep = later,
}: SensorOptions): SecondSensor {
  const identity = openFolder(folder);
  const connection = openConnection(address, randomUUID(), now);
  return {
    folder,
    host,
    connection,
    identity,
    sleep,
    hostIsDue: true,
    nextIsAnnounced: identity.nextSeed !== undefined,
    failures: 0,
    agreementKey: agreementKeyOf(randomBytes(32)),
    mac: undefined,
    macRefusedAt: Number.NEGATIVE_INFINITY,
    macPausedUntil: 0,
    previous: JSON.stringify(listKept(folder).at(-1)?.report.inventory),
  };
}

const later = (pauseMs: number) => new Promise<void>((resolve) => setTimeout(resolve, pauseMs));

export function becomeEnrolled(
  sensor: SecondSensor,
  seed: string,
  { sensorId, serverKey }: Record<string, Json>,
): void {
  if (typeof sensorId !== "string" || typeof serverKey !== "string") {
    throw new Error("Cannot enroll sensor: the reply names no sensorId or no serverKey");
  }
  change(sensor, { seed, sensorId, serverKey });
  endMacs(sensor);
  sensor.hostIsDue = true;
  sensor.failures = 0;
}

/** Tries the announced next key first: after an interruption, the server may or may not have it. */
export async function askAsSensor(
  sensor: SecondSensor,
  asked: Pick<Asked, "method" | "path" | "body">,
): Promise<Result> {
  const { seed, nextSeed, sensorId: keyid, serverKey } = sensor.identity;
  if (keyid === undefined) {
    throw new Error("Cannot check in: the sensor is not enrolled");
  }
  if (nextSeed !== undefined && sensor.nextIsAnnounced) {
    const result = await ask(sensor.connection, { ...asked, signer: { seed: nextSeed, keyid }, serverKey });
    if (result.kind === "answer") {
      change(sensor, { ...sensor.identity, seed: nextSeed, nextSeed: undefined });
      endMacs(sensor);
    }
    if (result.kind !== "refusal" || result.problem.code !== "signature-invalid") {
      return result;
    }
    sensor.nextIsAnnounced = false;
  }
  const { mac } = sensor;
  if (mac !== undefined && MAC_PATH.test(asked.path)) {
    const signer = { macKey: mac.key, keyid: `${keyid}.${mac.serverKeyId}` };
    const result = await ask(sensor.connection, { ...asked, signer, serverKey });
    if (result.kind !== "refusal" || result.problem.code !== "signature-invalid") {
      return result;
    }
    noteRefusedMac(sensor);
  }
  return ask(sensor.connection, { ...asked, signer: { seed, keyid }, serverKey });
}

export function pauseAfter(sensor: SecondSensor, result: Result): Outcome {
  if (result.kind === "answer") {
    throw new Error(`Cannot go on: ${result.status} was not expected`);
  }
  if (result.kind === "none") {
    return { kind: "unanswered", pauseMs: backOffMs(sensor, result.retryAfterSeconds), why: result.why };
  }
  const { problem, status, retryAfterSeconds } = result;
  if (status === 429 || status >= 500) {
    return { kind: "refused", pauseMs: backOffMs(sensor, retryAfterSeconds), problem };
  }
  const seconds = REFUSED_FOR_CONTENT.includes(problem.code) ? 0 : PAUSE_SECONDS[problem.code];
  if (seconds === undefined) {
    throw new Error(
      `Cannot go on: the server refused with ${problem.code}: ${problem.detail ?? ""} ${JSON.stringify(problem.fields ?? {})}`,
    );
  }
  return { kind: "refused", pauseMs: seconds * 1000, problem };
}

function backOffMs(sensor: SecondSensor, retryAfterSeconds: number | undefined): number {
  const boundMs = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.min(sensor.failures++, 20));
  return retryAfterSeconds === undefined
    ? Math.random() * boundMs
    : Math.min(retryAfterSeconds, MAX_RETRY_AFTER_SECONDS) * 1000;
}

export function expectStatus(result: Result & { kind: "answer" }, status: number): Record<string, Json> {
  if (result.status !== status) {
    throw new Error(`Cannot go on: ${result.status} where the page says ${status}`);
  }
  return result.body;
}

export const keyOf = (seed: string) => privateKeyOf(Buffer.from(seed, "base64url"));

export function proven(sensor: SecondSensor, seed: string): { publicKey: string; proof: string } {
  return {
    publicKey: publicKeyTextOf(keyOf(seed)),
    proof: keyProof(keyOf(seed), sensor.identity.sensorId ?? ""),
  };
}

export function change(sensor: SecondSensor, identity: Identity): void {
  writeIdentity(sensor.folder, identity);
  sensor.identity = identity;
}
