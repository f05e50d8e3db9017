// Creates one object per Idempotency-Key, for any number of repeated requests. The server does not store the
// secret value of the object, so a repeated request gets a new value, and the earlier value becomes invalid.
import { createHash, createHmac } from "node:crypto";
import {
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_KEY_HOURS,
  MAX_IDEMPOTENCY_KEY_LENGTH,
  parseIdempotencyKey,
} from "@attacklens/protocol/idempotency-key.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import type { Database } from "./db/schema.ts";
import { inTransaction } from "./db/transaction.ts";
import { claimKey, deleteExpiredKeys } from "./idempotency-store.ts";
import { newId, toInstant } from "./ids.ts";
import { openTurns } from "./turns.ts";

const LIFE_MS = IDEMPOTENCY_KEY_HOURS * 3_600_000;
const SWEEP_BATCH = 1_000;

/** A request that may be repeated. */
export interface IdempotentRequest {
  keyHash: string;
  requestHash: string;
  /** Aborted when the caller disconnects. */
  signal: AbortSignal;
}

/**
 * Returns the key of the request, with its caller and its input; undefined without the header. Throws
 * malformed-request.
 */
export function readIdempotencyKey(
  route: Route,
  { headers, signal }: Pick<Request, "headers" | "signal">,
  user: { id: string; apiKey?: { id: string } },
  input: { params: unknown; body: unknown },
): IdempotentRequest | undefined {
  const header = headers.get(IDEMPOTENCY_KEY_HEADER);
  if (header === null) return undefined;
  const key = parseIdempotencyKey(header);
  if (key === undefined) {
    throw new Problem(
      "malformed-request",
      `The Idempotency-Key header must be one key of 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} ASCII characters, such as a UUID in double quotes`,
    );
  }
  const caller = user.apiKey?.id ?? user.id;
  return {
    keyHash: createHash("sha256")
      .update(JSON.stringify([caller, route.name, key]))
      .digest("hex"),
    // An HMAC with the key, which is not stored, so that read access to the database does not allow guessing
    // the input.
    requestHash: createHmac("sha256", key)
      .update(JSON.stringify([input.params, input.body]))
      .digest("hex"),
    signal,
  };
}

export interface CreationSteps<T> {
  noun: Parameters<typeof newId>[0];
  /** Creates the object with this id. */
  create(tx: Database, id: string): Promise<T>;
  /**
   * Replaces the value of the object of an earlier request. Throws state-conflict if that is no longer
   * possible.
   */
  repeat(tx: Database, id: string): Promise<T>;
}

/** One transaction. Throws idempotency-key-reused, and the errors of the steps. */
export async function createOnce<T>(
  db: Database,
  now: number,
  request: IdempotentRequest | undefined,
  { noun, create, repeat }: CreationSteps<T>,
): Promise<T> {
  return await inTransaction(db, async (tx) => {
    const id = newId(noun);
    if (!request) return await create(tx, id);
    const { keyHash, requestHash, signal } = request;
    const earlier = await claimKey(tx, { keyHash, requestHash, objectId: id, createdAt: now }, now - LIFE_MS);
    if (!earlier) return await create(tx, id);
    if (earlier.requestHash !== requestHash) {
      throw new Problem(
        "idempotency-key-reused",
        "Cannot repeat the request: its Idempotency-Key was sent with other input before. Send the same input, or a new key",
      );
    }
    // A delayed request must not invalidate the value that its repetition has received in the meantime.
    if (signal.aborted)
      throw new Problem("state-conflict", "Cannot repeat the request: the caller closed its connection");
    return await repeat(tx, earlier.objectId);
  });
}

/** For `repeat`: the object was changed or used since the first request, so its value must not change. */
export function cannotRepeat(noun: string, state: string, atMs?: number): Problem {
  const at = atMs === undefined ? undefined : toInstant(atMs);
  return new Problem(
    "state-conflict",
    `Cannot repeat the request: the ${noun} that it made ${state}${at ? ` at ${at}` : ""}. Send a new Idempotency-Key to make another one`,
    at ? { extras: { at } } : {},
  );
}

/** Deletes expired keys in short transactions. */
export async function sweepIdempotencyKeys(db: Database, now: number): Promise<void> {
  const sweep = () => inTransaction(db, (tx) => deleteExpiredKeys(tx, now - LIFE_MS, SWEEP_BATCH));
  const turns = openTurns("job");
  while ((await sweep()) === SWEEP_BATCH) await turns.next();
}
