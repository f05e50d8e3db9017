// Re-enrollment tickets: a ticket gives an existing sensor to the key of the first host that sends it.
import { createHash, randomBytes } from "node:crypto";
import type { reEnroll as reEnrollRoute } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { formatTokenValue, TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction, withSecondTry } from "../db/transaction.ts";
import { cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { toInstant } from "../ids.ts";
import { type Enrolled, findEnrolled } from "../sensors/create-sensors.ts";
import { readKnownKeys } from "../sensors/record/known-keys.ts";
import { type LockedSensor, lockAndJudge, lockForAction } from "../sensors/record/locked-sensor.ts";
import type { SensorView } from "../sensors/sensors.ts";
import { takeOverSensor } from "../sensors/take-over.ts";
import { signedKey, type TokenHolder } from "./authenticate-holder.ts";
import {
  deleteUnusedTickets,
  hasTicket,
  insertTicket,
  lockTicket,
  markTicketUsed,
  replaceTicketValue,
} from "./re-enroll-store.ts";

const TICKET_LIFE_MS = 3_600_000;
/** Simultaneous look-ups of tickets: invented values must not delay other requests. */
const MAX_LOOK_UPS = 50;

/**
 * Returns the value, which is stored nowhere. An unused earlier ticket ends. Throws not-found,
 * state-conflict, and the problems of `createOnce`.
 */
export async function createTicket(
  db: Database,
  view: SensorView,
  sensorId: string,
  idempotency?: IdempotentRequest,
): Promise<{ value: string; expiresAt: string }> {
  const onSensor = (step: typeof insertNewTicket) => async (tx: Database, id: string) =>
    await step(tx, view, await lockForAction(tx, sensorId, "reEnroll"), id);
  return await createOnce(db, view.now, idempotency, {
    noun: "ticket",
    create: onSensor(insertNewTicket),
    repeat: onSensor(replaceUnusedValue),
  });
}

async function insertNewTicket(tx: Database, { now, user }: SensorView, sensor: LockedSensor, id: string) {
  const value = formatTokenValue(randomBytes(32), TICKET_PREFIX);
  const expiresAt = now + TICKET_LIFE_MS;
  await deleteUnusedTickets(tx, sensor.id);
  await insertTicket(tx, {
    id,
    sensorId: sensor.id,
    valueHash: hashOf(value),
    createdAt: now,
    createdBy: user.id,
    expiresAt,
    usedAt: null,
    publicKey: null,
  });
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "sensor.ticket-created",
    entity: { type: "sensor", id: sensor.id, name: sensor.hostname },
    details: { expiresAt: toInstant(expiresAt), valueShownTo: user.name },
  });
  return { value, expiresAt: toInstant(expiresAt) };
}

/** Throws state-conflict for a ticket that was used, has expired, or was replaced by a later one. */
async function replaceUnusedValue(tx: Database, { now, user }: SensorView, sensor: LockedSensor, id: string) {
  const ticket = await lockTicket(tx, { id });
  if (!ticket) throw cannotRepeat("ticket", "was replaced by a later one");
  if (ticket.usedAt !== null) throw cannotRepeat("ticket", "was used", ticket.usedAt);
  if (ticket.expiresAt <= now) throw cannotRepeat("ticket", "ended", ticket.expiresAt);
  const value = formatTokenValue(randomBytes(32), TICKET_PREFIX);
  await replaceTicketValue(tx, id, hashOf(value));
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "sensor.ticket-value-replaced",
    entity: { type: "sensor", id: sensor.id, name: sensor.hostname },
    details: { cause: "request-repeated", valueShownTo: user.name },
  });
  return { value, expiresAt: toInstant(ticket.expiresAt) };
}

let lookUps = 0;

/**
 * Gives a sensor to the key of the host that sends its ticket. The same key with the same ticket gets the
 * same reply again. Throws ticket-unknown, sensor-blocked, key-taken, state-conflict.
 */
export async function reEnroll(
  db: Database,
  { at, address }: { at: number; address: string },
  holder: TokenHolder,
  { publicKey, host, sensorVersion }: RouteInput<typeof reEnrollRoute>["body"],
): Promise<Enrolled> {
  const { nonce } = signedKey(holder, publicKey);
  const takeOver = async (tx: Database) => {
    const ticket = await lockTicket(tx, { valueHash: holder.valueHash });
    if (!ticket) throw ticketUnknown("it is not known, or a later one was made");
    const judged = await lockAndJudge(tx, ticket.sensorId, "reEnroll");
    const keys = await readKnownKeys(tx, [publicKey]);
    const earlier = keys.admit(publicKey, "ticket", () => ticket.publicKey === publicKey);
    if (earlier) return earlier.sensorId;
    if (!judged) throw ticketUnknown("its sensor was deleted");
    if (ticket.usedAt !== null) throw ticketUnknown(`it was used at ${toInstant(ticket.usedAt)}`);
    if (ticket.expiresAt <= at) throw ticketUnknown(`it ended at ${toInstant(ticket.expiresAt)}`);
    const { sensor, obstacle } = judged;
    if (obstacle !== undefined)
      throw new Problem(sensor.blockedAt === null ? "ticket-unknown" : "sensor-blocked", obstacle);
    const ticketId = ticket.id;
    await takeOverSensor(tx, sensor, { at, address, publicKey, nonce, host, sensorVersion, ticketId });
    await markTicketUsed(tx, ticketId, { usedAt: at, publicKey });
    return sensor.id;
  };
  const sensorId = await withSecondTry(() => inTransaction(db, takeOver)).catch((error: unknown) => {
    if (!isDuplicate(error)) throw error;
    throw new Problem("state-conflict", "Cannot re-enroll sensor: its asset has another sensor by now", {
      cause: error,
    });
  });
  const enrolled = await findEnrolled(db, sensorId);
  if (!enrolled) throw ticketUnknown("its sensor was deleted");
  return enrolled;
}

/** Resolves if a ticket in any state has the value. Throws ticket-unknown, too-many-requests. */
export async function requireTicket(db: Database, valueHash: string): Promise<void> {
  if (lookUps >= MAX_LOOK_UPS) {
    throw new Problem("too-many-requests", "Cannot re-enroll sensor: too many values are being tried", {
      extras: { retryAfterSeconds: 5 },
    });
  }
  lookUps++;
  try {
    if (!(await hasTicket(db, valueHash))) throw ticketUnknown("it is not known, or a later one was made");
  } finally {
    lookUps--;
  }
}

export function ticketUnknown(reason: string): Problem {
  return new Problem("ticket-unknown", `Cannot re-enroll sensor: the ticket is refused: ${reason}`);
}

function hashOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
