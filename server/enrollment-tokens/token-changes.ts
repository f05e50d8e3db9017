// What a person does to a token after its creation. Enrolled sensors are touched by revoke-and-block only.
import type {
  revokeAndBlockEnrollmentToken as blockRoute,
  rotateEnrollmentToken as rotateRoute,
  updateEnrollmentToken as updateRoute,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { lockAssetGroup } from "../asset-groups/asset-groups.ts";
import { type AuditEvent, recordAuditEvent, userActor } from "../audit/audit.ts";
import type { Database, EnrollmentTokenTable } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { IdempotentRequest } from "../idempotency.ts";
import { nameKey, toInstant } from "../ids.ts";
import { isInNetworks, parseNetwork } from "../networks.ts";
import { requirePossible } from "../permitted.ts";
import type { User } from "../route-handler.ts";
import {
  blockableSlices,
  blockSensors,
  countTokenSensors,
  presentSensors,
  type SensorView,
  sampleBlockableSensors,
} from "../sensors/sensors.ts";
import { openTurns } from "../turns.ts";
import { createTokenOnce } from "./create-token.ts";
import { getEnrollmentToken, insertNewToken, notFound, refuseTakenName } from "./enrollment-tokens.ts";
import { countUses, lockToken, updateToken } from "./enrollment-tokens-store.ts";
import { type TokenAction, tokenObstacle } from "./token-obstacles.ts";
import { badField, describeColumns, toColumns } from "./token-settings.ts";

/** Runs a change on the locked token and returns the token as it is then. Throws not-found, state-conflict. */
async function change(
  db: Database,
  now: number,
  user: User,
  id: string,
  action: TokenAction,
  work: (tx: Database, token: LockedToken) => Promise<void>,
) {
  await inTransaction(db, async (tx) => work(tx, await lockFor(tx, now, id, action)));
  return await getEnrollmentToken(db, now, user, id);
}

type LockedToken = EnrollmentTokenTable & { uses: number };

/** The token and its uses, locked, if its state lets the action happen. Throws not-found, state-conflict. */
async function lockFor(tx: Database, now: number, id: string, action: TokenAction): Promise<LockedToken> {
  const token = await lockToken(tx, { id });
  if (!token) throw notFound(id);
  const { assetGroupId } = token;
  const isGroupDeleted = assetGroupId !== null && !(await lockAssetGroup(tx, assetGroupId));
  const locked = { ...token, uses: await countUses(tx, id) };
  // When the group was deleted decides nothing.
  const facts = { ...locked, assetGroupDeletedAt: isGroupDeleted ? 0 : null };
  requirePossible(tokenObstacle(action, facts, now));
  return locked;
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

/** Throws not-found, input-invalid, name-taken, state-conflict. */
export async function updateEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  body: RouteInput<typeof updateRoute>["body"],
) {
  const columns = toColumns(body, now);
  return await refuseTakenName(body.name, () =>
    change(db, now, user, id, "edit", async (tx, token) => {
      const { uses } = token;
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

/** Throws not-found, state-conflict. */
export async function pauseEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await change(db, now, user, id, "pause", async (tx, token) => {
    await updateToken(tx, id, { pausedAt: now, pausedBy: user.id });
    await recordAuditEvent(tx, event(now, user, token, "enrollment-token.paused"));
  });
}

/** Throws not-found, state-conflict. */
export async function resumeEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await change(db, now, user, id, "resume", async (tx, token) => {
    await updateToken(tx, id, { pausedAt: null, pausedBy: null });
    await recordAuditEvent(tx, event(now, user, token, "enrollment-token.resumed"));
  });
}

/** Final, for new enrollments only. Throws not-found, state-conflict. */
export async function revokeEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await change(db, now, user, id, "revoke", (tx, token) => revoke(tx, now, user, token));
}

async function revoke(tx: Database, now: number, user: User, token: LockedToken): Promise<void> {
  await updateToken(tx, token.id, { revokedAt: now, revokedBy: user.id });
  const details = { enrolledSensors: token.uses };
  await recordAuditEvent(tx, event(now, user, token, "enrollment-token.revoked", details));
}

/** Gone from every list, refused from now on; its sensors go on and keep naming it. Throws not-found. */
export async function deleteEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const token = await lockFor(tx, now, id, "delete");
    await updateToken(tx, id, { deletedAt: now });
    const details = { enrolledSensors: token.uses };
    await recordAuditEvent(tx, event(now, user, token, "enrollment-token.deleted", details));
  });
}

/** A successor with the same settings; the old token ends at `oldExpiresAt`, never later than it would have. */
export async function rotateEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  { name, expiresAt, oldExpiresAt }: RouteInput<typeof rotateRoute>["body"],
  idempotency?: IdempotentRequest,
) {
  return await createTokenOnce(db, now, user, name, idempotency, async (tx, successorId) => {
    const { expiresAt: expiry } = toColumns({ expiresAt }, now);
    const old = await lockFor(tx, now, id, "rotate");
    const end = Math.min(Math.max(Date.parse(oldExpiresAt), now), old.expiresAt ?? Number.MAX_SAFE_INTEGER);
    const successor = await insertNewToken(tx, now, user, {
      id: successorId,
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
      clonedHosts: old.clonedHosts,
      reimagedHosts: old.reimagedHosts,
      reEnrollLost: old.reEnrollLost,
      assetGroupId: old.assetGroupId,
      rotatedFrom: id,
    });
    await updateToken(tx, id, { expiresAt: end });
    const details = { successor: successorId, before: toInstant(old.expiresAt), after: toInstant(end) };
    await recordAuditEvent(tx, event(now, user, old, "enrollment-token.rotated", details));
    return successor;
  });
}

interface Touched {
  since?: string | undefined;
  network?: string | undefined;
}

const sinceOf = ({ since }: Touched) => (since === undefined ? 0 : Date.parse(since));

/** The sensors of a token that a filter names and that are not blocked, in slices by hostname; the network is where each enrolled from. */
async function* touchedSlices(db: Database, tokenId: string, { network, ...filter }: Touched) {
  const parsed = network === undefined ? undefined : parseNetwork(network);
  if (network !== undefined && parsed === undefined)
    throw badField("network", "must be a network such as 10.1.0.0/16 or 2001:db8::/32");
  const turns = openTurns();
  for await (const slice of blockableSlices(db, tokenId, sinceOf(filter))) {
    yield parsed === undefined
      ? slice
      : slice.filter(({ enrolledFrom }) => isInNetworks(enrolledFrom, [parsed]));
    if (turns.isOver()) await turns.next();
  }
}

const SAMPLE = 100;

/** Throws not-found, input-invalid. */
export async function previewEnrollmentToken(db: Database, view: SensorView, id: string, filter: Touched) {
  await getEnrollmentToken(db, view.now, view.user, id);
  const counts = await countTokenSensors(db, view, id);
  if (filter.network === undefined)
    return { ...counts, ...(await sampleBlockableSensors(db, view, id, sinceOf(filter), SAMPLE)) };
  let toBlock = 0;
  const first: string[] = [];
  for await (const slice of touchedSlices(db, id, filter)) {
    toBlock += slice.length;
    if (first.length < SAMPLE)
      first.push(...slice.slice(0, SAMPLE - first.length).map((sensor) => sensor.id));
  }
  return { ...counts, toBlock, sample: await presentSensors(db, view, first) };
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
  const enrollmentToken = await change(db, now, user, id, "revokeAndBlock", async (tx, token) => {
    const touched = (await Array.fromAsync(touchedSlices(tx, id, filter))).flat();
    if (touched.length !== expectedSensors) {
      throw new Problem(
        "state-conflict",
        `Cannot revoke and block: ${touched.length} sensors would be blocked now, not ${expectedSensors}; look at the preview again`,
      );
    }
    if (token.revokedAt === null) await revoke(tx, now, user, token);
    await blockSensors(tx, now, user, touched);
    blockedSensors = touched.length;
  });
  return { enrollmentToken, blockedSensors };
}
