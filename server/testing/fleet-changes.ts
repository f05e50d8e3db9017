// Changes of single rows of a fleet, as any part of the server makes them, for tests of lists and numbers.
import { fleetId } from "../../harness/fleet-rows.ts";
import type { Database } from "../db/schema.ts";
import { foldText } from "../ids.ts";
import { addressKey } from "../networks.ts";

/** Rows of the fleet. */
export const SENSORS = 300;
/** Names that sort differently in JavaScript, or that a search could take for syntax. */
export const NAMES = [
  "\u{1f980}-crab",
  "\uff5e-wave",
  "Web-01",
  "web_01%",
  'say "hi" AND bye',
  "o'neill",
  "ab",
  "äöü-07",
  "a\\b",
];
/** A fact that a search finds, as it is stored, and another form in which a user may write it. */
export const FACTS = [
  ["mac-address 00:16:3e:00:00:07", "00-16-3E-00-00-07"],
  ["mac-address 00:16:3e:00:00:07", "0016.3e00.0007"],
  ["serial-number pf3x/9q", "PF3X/9Q"],
  ["ip-address 172.17.0.1", "172.17.0.1"],
] as const;
export const TAGS = ["pci", 'rack 7, "left"', "äöü", "prod"];
export const ADDRESSES = ["10.0.0.7", "10.1.0.7", "172.17.0.1", "2001:db8::7"];

export const pick = <T>(random: () => number, values: readonly T[]): T =>
  values[Math.floor(random() * values.length)]!;

/** Inserts a sensor like another one, on a host like its host. */
async function enroll(db: Database, id: string, random: () => number, now: number): Promise<unknown> {
  const newId = (prefix: string) => fleetId(prefix, SENSORS + 1 + Math.floor(random() * 1e9));
  const sensor = await db.selectFrom("sensor").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const asset = await db
    .selectFrom("asset")
    .selectAll()
    .where("id", "=", sensor.assetId)
    .executeTakeFirstOrThrow();
  const row = { ...sensor, id: newId("sen"), publicKey: newId("key"), deletedAt: null, enrolledAt: now };
  // The database computes them.
  for (const computed of ["standing", "listed"]) delete row[computed as never];
  const assetId = newId("ast");
  return await db.transaction().execute(async (tx) => {
    await tx
      .insertInto("asset")
      .values({ ...asset, id: assetId, tags: JSON.stringify(random() < 0.5 ? [] : TAGS) })
      .execute();
    await tx
      .insertInto("sensor")
      .values({ ...row, assetId })
      .execute();
    await tx
      .insertInto("sensorPresence")
      .values({ sensorId: row.id, lastSeenAt: now, lastNonce: 1, address: addressKey("10.0.0.1") })
      .execute();
  });
}

export const CHANGES: ((db: Database, id: string, random: () => number, now: number) => Promise<unknown>)[] =
  [
    ...(["deletedAt", "removedAt", "replacedAt", "uninstalledAt", "blockedAt", "reportedAt"] as const).map(
      (column) => (db: Database, id: string, random: () => number, now: number) =>
        db
          .updateTable("sensor")
          .set({ [column]: column === "deletedAt" || random() < 0.6 ? now : null })
          .where("id", "=", id)
          .execute(),
    ),
    (db, id, random) =>
      db
        .updateTable("sensor")
        .set({ awaitingApproval: random() < 0.5 ? 1 : 0 })
        .where("id", "=", id)
        .execute(),
    (db, id, random) => {
      const hostname = pick(random, NAMES);
      return db
        .updateTable("sensor")
        .set({ hostname, hostnameKey: foldText(hostname) })
        .where("id", "=", id)
        .execute();
    },
    (db, id, random) =>
      db
        .updateTable("sensor")
        .set({
          version: pick(random, ["2026.9.0", "2026.11.0", "2026.12.0"]),
          platform: pick(random, ["linux", "windows"]),
        })
        .where("id", "=", id)
        .execute(),
    enroll,
    // The triggers also count a sensor that moves to another asset.
    (db, id, random) =>
      db
        .updateTable("sensor")
        .set({ assetId: fleetId("ast", 1 + Math.floor(random() * SENSORS)), uninstalledAt: 1 })
        .where("id", "=", id)
        .execute(),
    (db, id, random) =>
      db
        .updateTable("asset")
        .set({ assetGroupId: random() < 0.3 ? null : fleetId("grp", 1 + Math.floor(random() * 4)) })
        .where("id", "=", id.replace("sen", "ast"))
        .execute(),
    ...Array.from(
      { length: 4 },
      () => (db: Database, id: string, random: () => number, now: number) =>
        db
          .updateTable("sensorPresence")
          .set({ lastSeenAt: now - Math.floor(random() * 5 * 60_000) })
          .where("sensorId", "=", id)
          .execute(),
    ),
    (db, id, random) =>
      db
        .updateTable("sensorPresence")
        .set({ address: addressKey(pick(random, ADDRESSES)) })
        .where("sensorId", "=", id)
        .execute(),
    (db, id, random) =>
      db
        .updateTable("asset")
        .set({ tags: JSON.stringify(TAGS.filter(() => random() < 0.4)) })
        .where("id", "=", id.replace("sen", "ast"))
        .execute(),
    (db, id, random) => {
      const [type, value] = pick(random, FACTS)[0].split(" ") as [string, string];
      return db
        .insertInto("assetIdentifier")
        .values({ assetId: id.replace("sen", "ast"), type, value })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  ];
