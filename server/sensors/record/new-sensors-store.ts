// Inserts of new sensors, each with its presence and its key.
import { sql } from "kysely";
import { insertion } from "../../db/insertion.ts";
import { rowStatement } from "../../db/row-statement.ts";
import type { Database } from "../../db/schema.ts";
import type { SensorPresenceTable, SensorTable } from "../../db/schema-sensors.ts";
import { addressKey } from "../../networks.ts";
import { insertKnownKeys } from "./known-keys-store.ts";

/** The columns of a new sensor. The others are of events that have not happened yet. */
export type NewSensorRow = Pick<
  SensorTable,
  | "id"
  | "publicKey"
  | "enrollmentTokenId"
  | "assetId"
  | "hostname"
  | "hostnameKey"
  | "admittedHostname"
  | "platform"
  | "osName"
  | "osVersion"
  | "architecture"
  | "version"
  | "enrolledAt"
  | "keyChangedAt"
  | "awaitingApproval"
  | "ephemeralHours"
  | "enrolledHost"
  | "clonedFrom"
>;

const insertSensorRows = insertion<NewSensorRow>(
  "sensor",
  {
    id: "text",
    publicKey: "text",
    enrollmentTokenId: "text",
    assetId: "text",
    hostname: "text",
    hostnameKey: "text",
    admittedHostname: "text",
    platform: "text",
    osName: "text",
    osVersion: "text",
    architecture: "text",
    version: "text",
    enrolledAt: "bigint",
    keyChangedAt: "bigint",
    awaitingApproval: "bigint",
    ephemeralHours: "bigint",
    enrolledHost: "text",
    clonedFrom: "text",
  },
  { shared: ["enrollmentTokenId", "awaitingApproval", "ephemeralHours", "clonedFrom"] },
);

const PRESENCE = {
  sensorId: "text",
  lastSeenAt: "bigint",
  lastNonce: "bigint",
  address: "text",
} as const;

/** With the cell and the class of the listing: otherwise, a trigger would write each row twice. */
const insertPresenceRows = rowStatement<SensorPresenceTable, never>(
  PRESENCE,
  (db, rows) =>
    sql<never>`
    insert into sensor_presence (sensor_id, last_seen_at, last_nonce, address, cell, class_id)
    select added.sensor_id, added.last_seen_at, added.last_nonce, added.address,
      sensor_listing.cell - sensor_listing.cell % 2, sensor_listing.class_id
    from ${rows} as added
    left join sensor_listing on sensor_listing.sensor_id = added.sensor_id`.compile(db),
  { isUnread: true },
);

/** Inserts the sensors as just seen, each with the nonce that its enrollment spent. */
export async function insertSensors(
  tx: Database,
  made: { sensor: NewSensorRow; address: string; nonce: number }[],
): Promise<void> {
  await insertSensorRows(
    tx,
    made.map(({ sensor }) => sensor),
  );
  const presences = made.map(
    ({ sensor, address, nonce }): SensorPresenceTable => ({
      sensorId: sensor.id,
      lastSeenAt: sensor.enrolledAt,
      lastNonce: nonce,
      address: addressKey(address),
    }),
  );
  await insertPresenceRows(tx, presences);
  await insertKnownKeys(
    tx,
    made.map(({ sensor: { id, publicKey, clonedFrom } }) => ({
      publicKey,
      sensorId: id,
      state: "present",
      origin: clonedFrom === null ? "enrollment" : "clone",
      replacedAt: null,
    })),
  );
}
