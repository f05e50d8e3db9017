// Update rings, their runs, and the releases that servers store, in SQL.
import { type RingSettings, WEEKDAYS } from "@attacklens/protocol/ring-settings.ts";
import { sql } from "kysely";
import { z } from "zod";
import { forSomeRows, forSomeValues } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { KnownReleaseTable, UpdateRingTable, UpdateRunTable } from "../db/schema-updates.ts";

const dayList = z.array(z.enum(WEEKDAYS));
const textList = z.array(z.string());

export interface RingRow extends RingSettings {
  id: string;
  name: string;
  position: number;
  isLast: boolean;
  pausedAt: number | null;
  /** The name of the user. */
  pausedBy: string | null;
  changedAt: number;
}

/** In their order. */
export async function listRings(db: Database): Promise<RingRow[]> {
  const rows = await db
    .selectFrom("updateRing")
    .leftJoin("user", "user.id", "updateRing.pausedBy")
    .selectAll("updateRing")
    .select("user.name as pausedByName")
    .orderBy("updateRing.isLast")
    .orderBy("updateRing.position")
    .execute();
  return rows.map(({ pausedByName, ...row }) => ({ ...ringOfRow(row), pausedBy: pausedByName }));
}

/** Locks the ring until the transaction ends, so that its canaries and failures are counted one at a time. */
export async function lockRing(tx: Database, id: string): Promise<RingRow | undefined> {
  const row = await lockRows(
    tx,
    tx.selectFrom("updateRing").selectAll().where("id", "=", id),
  ).executeTakeFirst();
  return row && ringOfRow(row);
}

/** Locks all rings, in their order, for a change of the order. */
export async function lockRings(tx: Database): Promise<RingRow[]> {
  const query = tx.selectFrom("updateRing").selectAll().orderBy("id");
  const rows = await lockRows(tx, query).execute();
  return rows
    .map(ringOfRow)
    .toSorted((one, other) => Number(one.isLast) - Number(other.isLast) || one.position - other.position);
}

function ringOfRow({ days, isLast, mandatory, nameKey: _, ...row }: UpdateRingTable): RingRow {
  return {
    ...row,
    days: dayList.parse(JSON.parse(days)),
    isLast: isLast === 1,
    mandatory: mandatory === 1,
  };
}

/** The columns of settings. */
export function ringColumns(settings: Partial<RingSettings>): Partial<UpdateRingTable> {
  const { days, mandatory, ...rest } = settings;
  return {
    ...rest,
    ...(days && { days: JSON.stringify(days) }),
    ...(mandatory !== undefined && { mandatory: mandatory ? 1 : 0 }),
  };
}

export async function insertRing(tx: Database, ring: UpdateRingTable): Promise<void> {
  await tx.insertInto("updateRing").values(ring).execute();
}

export async function updateRing(tx: Database, id: string, columns: Partial<UpdateRingTable>): Promise<void> {
  await tx.updateTable("updateRing").set(columns).where("id", "=", id).execute();
}

export async function removeRing(tx: Database, id: string): Promise<void> {
  await tx.deleteFrom("updateRun").where("ringId", "=", id).execute();
  await tx.deleteFrom("updateRingGroup").where("ringId", "=", id).execute();
  await tx.deleteFrom("updateRing").where("id", "=", id).execute();
}

/** The asset groups of all rings, without deleted ones. */
export async function listRingGroups(db: Database) {
  return await db
    .selectFrom("updateRingGroup")
    .innerJoin("assetGroup", "assetGroup.id", "updateRingGroup.assetGroupId")
    .select(["updateRingGroup.ringId", "assetGroup.id", "assetGroup.name"])
    .where("assetGroup.deletedAt", "is", null)
    .orderBy("assetGroup.nameKey")
    .execute();
}

/** Replaces the groups of a ring. A group that is in another ring leaves it. */
export async function setRingGroups(tx: Database, ringId: string, groupIds: string[]): Promise<void> {
  await tx.deleteFrom("updateRingGroup").where("ringId", "=", ringId).execute();
  await forSomeValues(groupIds, (some) =>
    tx.deleteFrom("updateRingGroup").where("assetGroupId", "in", some).execute(),
  );
  const rows = groupIds.map((assetGroupId) => ({ assetGroupId, ringId }));
  await forSomeRows(rows, (some) => tx.insertInto("updateRingGroup").values(some).execute());
}

/** Those that exist, by name. */
export async function listGroupNames(db: Database, ids: readonly string[]) {
  return await forSomeValues(ids, (some) =>
    db
      .selectFrom("assetGroup")
      .select(["id", "name"])
      .where("id", "in", some)
      .where("deletedAt", "is", null)
      .execute(),
  );
}

export async function listRuns(db: Database, version?: string): Promise<UpdateRunTable[]> {
  const query = db.selectFrom("updateRun").selectAll();
  return await (version === undefined ? query : query.where("version", "=", version)).execute();
}

export async function upsertRun(tx: Database, run: UpdateRunTable): Promise<void> {
  const { ringId: _, version: __, ...columns } = run;
  await tx
    .insertInto("updateRun")
    .values(run)
    .onConflict((conflict) => conflict.columns(["ringId", "version"]).doUpdateSet(columns))
    .execute();
}

export async function updateRun(
  tx: Database,
  { ringId, version }: Pick<UpdateRunTable, "ringId" | "version">,
  columns: Partial<UpdateRunTable>,
): Promise<void> {
  await tx
    .updateTable("updateRun")
    .set(columns)
    .where("ringId", "=", ringId)
    .where("version", "=", version)
    .execute();
}

export type KnownRelease = Omit<KnownReleaseTable, "targets"> & { targets: string[] };

export async function listKnownReleases(db: Database): Promise<KnownRelease[]> {
  const rows = await db.selectFrom("knownRelease").selectAll().execute();
  return rows.map((row) => ({ ...row, targets: textList.parse(JSON.parse(row.targets)) }));
}

/** Records that this server stores the releases. A lower counter of the same version changes nothing. */
export async function recordKnownReleases(db: Database, releases: readonly KnownRelease[]): Promise<void> {
  const rows = releases.map((release) => ({ ...release, targets: JSON.stringify(release.targets) }));
  await forSomeRows(rows, (some) =>
    db
      .insertInto("knownRelease")
      .values(some)
      .onConflict((conflict) =>
        conflict
          .column("version")
          .doUpdateSet((eb) => ({
            counter: eb.ref("excluded.counter"),
            createdAt: eb.ref("excluded.createdAt"),
            expiresAt: eb.ref("excluded.expiresAt"),
            targets: eb.ref("excluded.targets"),
            seenAt: eb.ref("excluded.seenAt"),
          }))
          .where(sql<boolean>`known_release.counter <= excluded.counter`),
      )
      .execute(),
  );
}

/** Counts one more offer of this minute. Returns false if there are `most` already. */
export async function takeOffer(tx: Database, minute: number, most: number): Promise<boolean> {
  const pace = await lockRows(
    tx,
    tx.selectFrom("updatePace").selectAll().where("id", "=", 1),
  ).executeTakeFirstOrThrow();
  const offers = pace.minute === minute ? pace.offers : 0;
  if (offers >= most) return false;
  await tx
    .updateTable("updatePace")
    .set({ minute, offers: offers + 1 })
    .where("id", "=", 1)
    .execute();
  return true;
}
