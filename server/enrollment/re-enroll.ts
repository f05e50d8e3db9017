// Re-enroll tickets: one gives an existing sensor to the key of the one host that shows it.
import { createHash, randomBytes } from "node:crypto";
import type { reEnroll as reEnrollRoute } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import { formatTokenValue, TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { replaceIdentifiers } from "../assets/assets.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { nameKey, toInstant } from "../ids.ts";
import { requirePossible } from "../permitted.ts";
import type { HttpRequest, Services, TokenHolder } from "../route-handler.ts";
import { parseHost } from "../sensors/clones/clones.ts";
import { deleteInstances, listInstances } from "../sensors/clones/clones-store.ts";
import { admitKey } from "../sensors/identity/known-keys.ts";
import { listKnownKeys, replaceKeyAtOnce } from "../sensors/identity/known-keys-store.ts";
import { raiseNonce } from "../sensors/record/presence-store.ts";
import { sensorObstacle } from "../sensors/record/sensor-obstacles.ts";
import { findSensor, lockSensor, updateSensor } from "../sensors/record/sensors-store.ts";
import { notFound, type SensorView } from "../sensors/sensors.ts";
import { recordRename } from "./admitted-hostnames.ts";
import { signedKey } from "./authenticate-holder.ts";
import { aboutServer } from "./enroll.ts";
import { withSecondTry } from "./enroll-batch.ts";
import { enrolledReply } from "./enroll-clone.ts";
import {
  deleteUnusedTickets,
  hasTicket,
  insertTicket,
  lockTicket,
  markTicketUsed,
  replaceTicketValue,
} from "./re-enroll-store.ts";

const TICKET_LIFE_MS = 3_600_000;
/** Look-ups of tickets at once: made up values cost nobody else their turn. */
const MAX_LOOK_UPS = 50;

/**
 * Returns the value, which is stored nowhere; an earlier ticket that was not used ends. Throws not-found, state-conflict, and
 * what `createOnce` throws.
 */
export async function createTicket(
  db: Database,
  view: SensorView,
  sensorId: string,
  idempotency?: IdempotentRequest,
): Promise<{ value: string; expiresAt: string }> {
  const onSensor = (step: typeof insertNewTicket) => async (tx: Database, id: string) => {
    const sensor = await lockSensor(tx, sensorId);
    if (!sensor) throw notFound(sensorId);
    requirePossible(sensorObstacle("reEnroll", { ...sensor, hasMatch: false }));
    return await step(tx, view, sensor, id);
  };
  return await createOnce(db, view.now, idempotency, {
    noun: "ticket",
    create: onSensor(insertNewTicket),
    repeat: onSensor(replaceUnusedValue),
  });
}

type LockedSensor = NonNullable<Awaited<ReturnType<typeof lockSensor>>>;

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
    entity: { type: "sensor", id: sensor.id },
    details: { hostname: sensor.hostname, expiresAt: toInstant(expiresAt), valueShownTo: user.name },
  });
  return { value, expiresAt: toInstant(expiresAt) };
}

/** Throws state-conflict for a ticket that was used, has ended or gave way to a later one. */
async function replaceUnusedValue(tx: Database, { now, user }: SensorView, sensor: LockedSensor, id: string) {
  const ticket = await lockTicket(tx, { id });
  if (!ticket) throw cannotRepeat("ticket", "was replaced by a later one");
  if (ticket.usedAt !== null) throw cannotRepeat("ticket", `was used at ${toInstant(ticket.usedAt)}`);
  if (ticket.expiresAt <= now) throw cannotRepeat("ticket", `ended at ${toInstant(ticket.expiresAt)}`);
  const value = formatTokenValue(randomBytes(32), TICKET_PREFIX);
  await replaceTicketValue(tx, id, hashOf(value));
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "sensor.ticket-value-replaced",
    entity: { type: "sensor", id: sensor.id },
    details: { hostname: sensor.hostname, cause: "request-repeated", valueShownTo: user.name },
  });
  return { value, expiresAt: toInstant(ticket.expiresAt) };
}

let lookUps = 0;

/**
 * Gives a sensor to the key of the host that shows its ticket. The same key with the same ticket gets the same answer again.
 * Throws ticket-unknown, sensor-blocked, key-taken, state-conflict.
 */
export async function reEnroll(
  services: Services,
  { address }: Pick<HttpRequest, "address">,
  holder: TokenHolder,
  { publicKey, host, sensorVersion }: RouteInput<typeof reEnrollRoute>["body"],
): Promise<RouteOutput<typeof reEnrollRoute>> {
  const { db, now } = services;
  const { nonce } = signedKey(holder, publicKey);
  const at = now();
  const takeOver = async (tx: Database) => {
    const ticket = await lockTicket(tx, { valueHash: holder.valueHash });
    const sensor = ticket && (await lockSensor(tx, ticket.sensorId));
    if (!ticket) throw ticketUnknown("it is not known, or a later one was made");
    const [known] = await listKnownKeys(tx, [publicKey]);
    const earlier = admitKey(known, "ticket", () => ticket.publicKey === publicKey);
    if (earlier) return earlier.sensorId;
    if (!sensor) throw ticketUnknown("its sensor was deleted");
    if (ticket.usedAt !== null) throw ticketUnknown(`it was used at ${toInstant(ticket.usedAt)}`);
    if (ticket.expiresAt <= at) throw ticketUnknown(`it ended at ${toInstant(ticket.expiresAt)}`);
    const obstacle = sensorObstacle("reEnroll", { ...sensor, hasMatch: false });
    if (obstacle !== undefined)
      throw new Problem(sensor.blockedAt === null ? "ticket-unknown" : "sensor-blocked", obstacle);
    await replaceKeyAtOnce(tx, sensor.id, { from: sensor.publicKey, to: publicKey, at });
    const { hostname, platform, osName, osVersion, architecture } = host;
    await recordRename(tx, at, sensor, hostname);
    await updateSensor(tx, sensor.id, {
      ...{ hostname, platform, osName, osVersion, architecture },
      hostnameKey: nameKey(hostname),
      version: sensorVersion,
      instanceId: null,
      hasNewcomers: 0,
      enrolledHost: JSON.stringify(host),
      uninstalledAt: null,
    });
    // It may run on other hardware, or have been unenrolled before.
    if (sensor.awaitingApproval === 0)
      await replaceIdentifiers(tx, sensor.assetId, parseHost(sensor.enrolledHost), host);
    const instances = await listInstances(tx, sensor.id);
    const over = instances.filter(({ state }) => state !== "clone").map(({ instanceId }) => instanceId);
    await deleteInstances(tx, sensor.id, over);
    await raiseNonce(tx, sensor.id, nonce);
    await markTicketUsed(tx, ticket.id, { usedAt: at, publicKey });
    await recordAuditEvent(tx, {
      at,
      actor: { type: "system", id: ticket.id, name: "re-enroll ticket" },
      action: "sensor.re-enrolled",
      entity: { type: "sensor", id: sensor.id },
      details: { hostname, before: sensor.hostname, address },
    });
    return sensor.id;
  };
  const sensorId = await withSecondTry(() => inTransaction(db, takeOver)).catch((error: unknown) => {
    if (!isDuplicate(error)) throw error;
    throw new Problem("state-conflict", "Cannot re-enroll sensor: its asset has another sensor by now", {
      cause: error,
    });
  });
  const row = await findSensor(db, sensorId);
  if (!row) throw ticketUnknown("its sensor was deleted");
  return { ...enrolledReply(row), ...aboutServer(services) };
}

/** Whether a ticket has the value; what has become of it is not decided here. Throws ticket-unknown, too-many-requests. */
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
