// Instances of the sensor process and clones, in SQL.
import { sql } from "kysely";
import { forSomeValues } from "../../db/batches.ts";
import { parseRows, rowsAsJson, texts } from "../../db/dialect.ts";
import { rowStatement } from "../../db/row-statement.ts";
import type { Database } from "../../db/schema.ts";
import type { SensorInstanceTable } from "../../db/schema-sensors.ts";
import { readByIndex } from "../../db/snapshot.ts";
import { type Place, statement } from "../../db/statement.ts";
import { addressOfKey } from "../../networks.ts";

interface HeldKey {
  id: string;
  instanceId: string;
  agreementKey: string | null;
  hasNewcomers: number;
}

/** Stores which instance holds the key of each sensor, with what it announced. */
export const updateHolders = rowStatement<HeldKey, never>(
  { id: "text", instanceId: "text", agreementKey: "text", hasNewcomers: "bigint" },
  (db, rows) =>
    sql<never>`
      update sensor set instance_id = held.instance_id, agreement_key = held.agreement_key,
        has_newcomers = held.has_newcomers
      from ${rows} as held where sensor.id = held.id`.compile(db),
);

const instancesOf = statement((db, place: Place<{ sensorId: string }>) =>
  db
    .selectFrom("sensorInstance")
    .selectAll()
    .where("sensorId", "=", place("sensorId"))
    .orderBy("firstSeenAt")
    .compile(),
);

export async function listInstances(tx: Database, sensorId: string): Promise<SensorInstanceTable[]> {
  return await instancesOf(tx, { sensorId });
}

const KNOWN_COLUMNS = [
  ...["instance_id", "state", "host", "address", "first_seen_at", "returned_at", "returns"],
  "clone_sensor_id",
];

/** What decides which instance holds a sensor's key. */
export interface KnownInstances {
  hostname: string;
  /** JSON of the facts with which the sensor enrolled. */
  enrolledHost: string;
  /** The sensor's last request. */
  lastSeenAt: number;
  /** The earliest first. */
  instances: SensorInstanceTable[];
}

const knownInstancesOf = statement((db, place: Place<{ sensorIds: string }>) =>
  sql<Omit<KnownInstances, "instances"> & { sensorId: string; instances: unknown }>`
      select known.value as sensor_id,
        (select hostname from sensor where id = known.value) as hostname,
        (select enrolled_host from sensor where id = known.value) as enrolled_host,
        coalesce((select last_seen_at from sensor_presence where sensor_id = known.value), 0) as last_seen_at,
        ${rowsAsJson(
          db,
          KNOWN_COLUMNS,
          sql`select * from sensor_instance where sensor_id = known.value`,
        )} as instances
      from ${texts(db, place("sensorIds"))} as known`.compile(db),
);

/** Returns it for each of the sensors, whose rows are locked. */
export async function listKnownInstances(
  tx: Database,
  sensorIds: readonly string[],
): Promise<Map<string, KnownInstances>> {
  const rows = await knownInstancesOf(tx, { sensorIds: JSON.stringify(sensorIds) });
  return new Map(
    rows.map(({ sensorId, instances, ...known }) => [
      sensorId,
      {
        ...known,
        instances: parseRows(instances)
          .map((row) => instanceOf(sensorId, row))
          .sort((one, other) => one.firstSeenAt - other.firstSeenAt),
      },
    ]),
  );
}

/** `row`: the values of `KNOWN_COLUMNS`. */
function instanceOf(sensorId: string, row: unknown[]): SensorInstanceTable {
  const [instanceId, state, host, address, firstSeenAt, returnedAt, returns, cloneSensorId] = row;
  return {
    ...{ sensorId, instanceId, state, host, address, firstSeenAt, returnedAt, returns, cloneSensorId },
  } as SensorInstanceTable;
}

const INSTANCE = {
  ...({ sensorId: "text", instanceId: "text", state: "text", host: "text", address: "text" } as const),
  ...({ firstSeenAt: "bigint", returnedAt: "bigint", returns: "bigint", cloneSensorId: "text" } as const),
};

export const upsertInstances = rowStatement<SensorInstanceTable, never>(INSTANCE, (db, rows) =>
  sql<never>`
    insert into sensor_instance (sensor_id, instance_id, state, host, address, first_seen_at, returned_at,
      returns, clone_sensor_id)
    select sensor_id, instance_id, state, host, address, first_seen_at, returned_at, returns, clone_sensor_id
    from ${rows} as instance where true
    on conflict (sensor_id, instance_id) do update set state = excluded.state, host = excluded.host,
      address = excluded.address, first_seen_at = excluded.first_seen_at, returned_at = excluded.returned_at,
      returns = excluded.returns, clone_sensor_id = excluded.clone_sensor_id`.compile(db),
);

export async function updateInstances(
  tx: Database,
  sensorId: string,
  instanceIds: readonly string[],
  columns: Partial<Pick<SensorInstanceTable, "state" | "returnedAt" | "returns" | "cloneSensorId">>,
): Promise<void> {
  await forSomeValues(instanceIds, (some) =>
    tx
      .updateTable("sensorInstance")
      .set(columns)
      .where("sensorId", "=", sensorId)
      .where("instanceId", "in", some)
      .execute(),
  );
}

export async function deleteInstances(
  tx: Database,
  sensorId: string,
  instanceIds: readonly string[],
): Promise<void> {
  await forSomeValues(instanceIds, (some) =>
    tx
      .deleteFrom("sensorInstance")
      .where("sensorId", "=", sensorId)
      .where("instanceId", "in", some)
      .execute(),
  );
}

/** Lists the latest hosts that also have the sensor's key and have not become a separate sensor. */
export async function listUnsettledClones(db: Database, sensorId: string, limit: number) {
  return await db
    .selectFrom("sensorInstance")
    .select(["host", "address", "firstSeenAt"])
    .where("sensorId", "=", sensorId)
    .where("state", "=", "clone")
    .where("cloneSensorId", "is", null)
    .orderBy("firstSeenAt", "desc")
    .limit(limit)
    .execute();
}

/** Lists the latest clones of a sensor. */
export async function listClones(db: Database, sensorId: string, limit: number) {
  const rows = await db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.enrolledHost as host",
      "sensorPresence.address",
      "sensor.enrolledAt as firstSeenAt",
    ])
    .where("sensor.clonedFrom", "=", sensorId)
    .where("sensor.deletedAt", "is", null)
    .orderBy("sensor.enrolledAt", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, address: addressOfKey(row.address) }));
}

/**
 * Counts the clones of one enrolled sensor, including their clones, and those that await approval. Deleted
 * clones do not count.
 */
export async function countClones(tx: Database, id: string): Promise<{ clones: number; waiting: number }> {
  // Otherwise PostgreSQL would read the clones of all sensors.
  await readByIndex(tx);
  const { rows } = await sql<{ clones: unknown; waiting: unknown }>`
    with recursive ancestor (id, cloned_from) as (
      select id, cloned_from from sensor where id = ${id}
      union all
      select sensor.id, sensor.cloned_from from sensor join ancestor on sensor.id = ancestor.cloned_from
    ), family (id) as (
      select id from ancestor where cloned_from is null
      union all
      select sensor.id from sensor join family on sensor.cloned_from = family.id
    )
    select count(*) as clones, coalesce(sum(sensor.awaiting_approval), 0) as waiting
    from family join sensor on sensor.id = family.id
    where sensor.cloned_from is not null and sensor.deleted_at is null`.execute(tx);
  const [row] = rows;
  return { clones: Number(row?.clones ?? 0), waiting: Number(row?.waiting ?? 0) };
}
