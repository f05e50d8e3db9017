// Inserts of new sensors, each with its presence and its key.
import { insertion } from "../../db/insertion.ts";
import type { Database, SensorPresenceTable, SensorTable } from "../../db/schema.ts";
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

const insertSensorRows = insertion<NewSensorRow>("sensor", {
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
});

const insertPresences = insertion<SensorPresenceTable>("sensorPresence", {
  sensorId: "text",
  lastSeenAt: "bigint",
  lastNonce: "bigint",
  address: "text",
});

/** Inserts the sensors as just seen, each with the nonce that its enrollment spent. */
export async function insertSensors(
  tx: Database,
  made: { sensor: NewSensorRow; address: string; nonce: number }[],
): Promise<void> {
  await insertSensorRows(
    tx,
    made.map(({ sensor }) => sensor),
  );
  await insertPresences(
    tx,
    made.map(({ sensor, address, nonce }) => ({
      sensorId: sensor.id,
      lastSeenAt: sensor.enrolledAt,
      lastNonce: nonce,
      address,
    })),
  );
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
