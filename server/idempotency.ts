// Creates objects under an Idempotency-Key: one object, however often the request is sent. The secret value
// that a creation shows is not stored. A repeated request gets a new value, and the value that never arrived
// becomes invalid.
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
import { newId } from "./ids.ts";
import { openTurns } from "./turns.ts";

const LIFE_MS = IDEMPOTENCY_KEY_HOURS * 3_600_000;
const SWEEP_BATCH = 1_000;

/** A request that may come again. */
export interface IdempotentRequest {
  keyHash: string;
  requestHash: string;
  /** Aborted when the caller has gone. */
  signal: AbortSignal;
}

/**
 * The request's key, with whose it is and what it is for; undefined without the header. Throws
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
    // By the key, which is stored nowhere: a reader of the database cannot guess the input.
    requestHash: createHmac("sha256", key)
      .update(JSON.stringify([input.params, input.body]))
      .digest("hex"),
    signal,
  };
}

export interface CreationSteps<T> {
  noun: Parameters<typeof newId>[0];
  /** Makes the object under the id. */
  create(tx: Database, id: string): Promise<T>;
  /**
   * Gives the object that an earlier request made a new value. Throws state-conflict when that is no longer
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
    // A request that was held up on its way must not void what its repetition has got meanwhile.
    if (signal.aborted)
      throw new Problem("state-conflict", "Cannot repeat the request: the caller closed its connection");
    return await repeat(tx, earlier.objectId);
  });
}

/** For `repeat`: the object was changed or used since the first request, so its value must stay. */
export function cannotRepeat(noun: string, state: string): Problem {
  return new Problem(
    "state-conflict",
    `Cannot repeat the request: the ${noun} that it made ${state}. Send a new Idempotency-Key to make another one`,
  );
}

/** Forgets keys that are too old to be repeated, in short transactions. */
export async function sweepIdempotencyKeys(db: Database, now: number): Promise<void> {
  const sweep = () => inTransaction(db, (tx) => deleteExpiredKeys(tx, now - LIFE_MS, SWEEP_BATCH));
  const turns = openTurns();
  while ((await sweep()) === SWEEP_BATCH) await turns.next();
}
