// What a person does to a token after its creation. Enrolled sensors are touched by revoke-and-block only.
import type {
  revokeAndBlockEnrollmentToken as blockRoute,
  rotateEnrollmentToken as rotateRoute,
  updateEnrollmentToken as updateRoute,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { type AuditEvent, recordAuditEvent, userActor } from "../audit/audit.ts";
import type { Database, EnrollmentTokenTable } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, toInstant } from "../ids.ts";
import { isInNetworks, parseNetwork } from "../networks.ts";
import type { User } from "../route-handler.ts";
import {
  blockSensors,
  countTokenSensors,
  listBlockableSensors,
  presentSensors,
  type SensorView,
  sampleBlockableSensors,
} from "../sensors/sensors.ts";
import {
  badField,
  describeColumns,
  getEnrollmentToken,
  insertNewToken,
  notFound,
  refuseTakenName,
  toColumns,
} from "./enrollment-tokens.ts";
import { countUses, lockToken, updateToken } from "./enrollment-tokens-store.ts";

/** Runs a change on the locked token and answers it as it is then. Throws not-found. */
async function change(
  db: Database,
  now: number,
  user: User,
  id: string,
  work: (tx: Database, token: EnrollmentTokenTable) => Promise<void>,
) {
  await inTransaction(db, async (tx) => {
    const token = await lockToken(tx, { id });
    if (!token) throw notFound(id);
    await work(tx, token);
  });
  return await getEnrollmentToken(db, now, user, id);
}

function event(
  now: number,
  user: User,
  token: { id: string; name: string },
  action: AuditEvent["action"],
  details: AuditEvent["details"] = {},
): AuditEvent {
  const entity = { type: "enrollment-token", id: token.id };
  return { at: now, actor: userActor(user), action, entity, details: { name: token.name, ...details } };
}

function refuseRevoked(token: EnrollmentTokenTable, verb: string): void {
  if (token.revokedAt === null) return;
  throw new Problem(
    "state-conflict",
    `Cannot ${verb} enrollment token: it was revoked at ${toInstant(token.revokedAt)}, which is final`,
  );
}

/** Throws not-found, input-invalid, name-taken, state-conflict for a revoked token. */
export async function updateEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  body: RouteInput<typeof updateRoute>["body"],
) {
  const columns = toColumns(body, now);
  return await refuseTakenName(body.name, () =>
    change(db, now, user, id, async (tx, token) => {
      refuseRevoked(token, "change");
      const uses = await countUses(tx, id);
      if (columns.maxEnrollments && columns.maxEnrollments < uses)
        throw badField("maxEnrollments", `must be at least ${uses}: so many sensors are enrolled already`);
      const after = describeColumns(columns);
      const before = Object.fromEntries(
        Object.entries(describeColumns(token)).filter(
          ([key, value]) => key in after && JSON.stringify(after[key]) !== JSON.stringify(value),
        ),
      );
      if (Object.keys(before).length === 0) return;
      await updateToken(tx, id, columns);
      const changed = Object.fromEntries(Object.keys(before).map((key) => [key, after[key]!]));
      await recordAuditEvent(
        tx,
        event(now, user, token, "enrollment-token.changed", { before, after: changed }),
      );
    }),
  );
}

/** Pausing a paused token changes nothing. Throws not-found, state-conflict for a revoked one. */
export async function pauseEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await change(db, now, user, id, async (tx, token) => {
    refuseRevoked(token, "pause");
    if (token.pausedAt !== null) return;
    await updateToken(tx, id, { pausedAt: now, pausedBy: user.id });
    await recordAuditEvent(tx, event(now, user, token, "enrollment-token.paused"));
  });
}

/** Throws not-found, state-conflict for a revoked token. */
export async function resumeEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await change(db, now, user, id, async (tx, token) => {
    refuseRevoked(token, "resume");
    if (token.pausedAt === null) return;
    await updateToken(tx, id, { pausedAt: null, pausedBy: null });
    await recordAuditEvent(tx, event(now, user, token, "enrollment-token.resumed"));
  });
}

/** Final, for new enrollments only. Revoking a revoked token changes nothing. Throws not-found. */
export async function revokeEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await change(db, now, user, id, (tx, token) => revoke(tx, now, user, token));
}

async function revoke(tx: Database, now: number, user: User, token: EnrollmentTokenTable): Promise<void> {
  if (token.revokedAt !== null) return;
  await updateToken(tx, token.id, { revokedAt: now, revokedBy: user.id });
  const enrolledSensors = await countUses(tx, token.id);
  await recordAuditEvent(tx, event(now, user, token, "enrollment-token.revoked", { enrolledSensors }));
}

/** Gone from every list, refused from now on; its sensors go on and keep naming it. Throws not-found. */
export async function deleteEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const token = await lockToken(tx, { id });
    if (!token) throw notFound(id);
    await updateToken(tx, id, { deletedAt: now });
    const enrolledSensors = await countUses(tx, id);
    await recordAuditEvent(tx, event(now, user, token, "enrollment-token.deleted", { enrolledSensors }));
  });
}

/** A successor with the same settings; the old token ends at `oldExpiresAt`, never later than it would have. */
export async function rotateEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  { name, expiresAt, oldExpiresAt }: RouteInput<typeof rotateRoute>["body"],
) {
  const { expiresAt: expiry } = toColumns({ expiresAt }, now);
  const made = await refuseTakenName(name, () =>
    inTransaction(db, async (tx) => {
      const old = await lockToken(tx, { id });
      if (!old) throw notFound(id);
      refuseRevoked(old, "rotate");
      const end = Math.min(Math.max(Date.parse(oldExpiresAt), now), old.expiresAt ?? Number.MAX_SAFE_INTEGER);
      const successor = await insertNewToken(tx, now, user, {
        name,
        nameKey: nameKey(name),
        description: old.description,
        expiresAt: expiry ?? null,
        maxEnrollments: old.maxEnrollments,
        allowedNetworks: old.allowedNetworks,
        allowedHostnames: old.allowedHostnames,
        tags: old.tags,
        requireApproval: old.requireApproval,
        ephemeralHours: old.ephemeralHours,
        copies: old.copies,
        reinstalls: old.reinstalls,
        assetGroupId: old.assetGroupId,
        rotatedFrom: id,
      });
      await updateToken(tx, id, { expiresAt: end });
      const details = { successor: successor.id, before: toInstant(old.expiresAt), after: toInstant(end) };
      await recordAuditEvent(tx, event(now, user, old, "enrollment-token.rotated", details));
      return successor;
    }),
  );
  return { enrollmentToken: await getEnrollmentToken(db, now, user, made.id), value: made.value };
}

interface Touched {
  since?: string | undefined;
  network?: string | undefined;
}

const sinceOf = ({ since }: Touched) => (since === undefined ? 0 : Date.parse(since));

/** The sensors of a token that a filter names and that are not blocked, by hostname; the network is where each enrolled from. */
async function findTouched(db: Database, tokenId: string, { network, ...filter }: Touched) {
  const parsed = network === undefined ? undefined : parseNetwork(network);
  if (network !== undefined && parsed === undefined)
    throw badField("network", "must be a network such as 10.1.0.0/16 or 2001:db8::/32");
  const sensors = await listBlockableSensors(db, tokenId, sinceOf(filter));
  return parsed === undefined
    ? sensors
    : sensors.filter(({ enrolledFrom }) => isInNetworks(enrolledFrom, [parsed]));
}

const SAMPLE = 100;

/** Throws not-found, input-invalid. */
export async function previewEnrollmentToken(db: Database, view: SensorView, id: string, filter: Touched) {
  await getEnrollmentToken(db, view.now, view.user, id);
  const counts = await countTokenSensors(db, view, id);
  if (filter.network === undefined)
    return { ...counts, ...(await sampleBlockableSensors(db, view, id, sinceOf(filter), SAMPLE)) };
  const touched = await findTouched(db, id, filter);
  const first = touched.slice(0, SAMPLE).map((sensor) => sensor.id);
  return { ...counts, toBlock: touched.length, sample: await presentSensors(db, view, first) };
}

/** One transaction. Throws not-found, input-invalid, state-conflict when the preview is no longer so. */
export async function revokeAndBlockEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  { expectedSensors, ...filter }: RouteInput<typeof blockRoute>["body"],
) {
  let blockedSensors = 0;
  const enrollmentToken = await change(db, now, user, id, async (tx, token) => {
    const touched = await findTouched(tx, id, filter);
    if (touched.length !== expectedSensors) {
      throw new Problem(
        "state-conflict",
        `Cannot revoke and block: ${touched.length} sensors would be blocked now, not ${expectedSensors}; look at the preview again`,
      );
    }
    await revoke(tx, now, user, token);
    await blockSensors(tx, now, user, touched);
    blockedSensors = touched.length;
  });
  return { enrollmentToken, blockedSensors };
}
