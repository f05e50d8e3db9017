// Creates sensors, each with its asset, for hosts that a token admitted: for enrollments and for clones.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { assetCreated, createAssets } from "../assets/assets.ts";
import { type AuditEvent, recordAuditEvents } from "../audit/audit.ts";
import type { Database, SensorTable } from "../db/schema.ts";
import { nameKey } from "../ids.ts";
import { insertSensors, type NewSensorRow } from "./record/new-sensors-store.ts";
import { findSensor } from "./record/sensors-store.ts";

/** The facts about its sensor that an enrolled host receives. */
export interface Enrolled {
  sensorId: string;
  assetGroup: { id: string; name: string } | null;
  awaitingApproval: boolean;
}

export interface NewSensor {
  sensorId: string;
  publicKey: string;
  sensorVersion: string;
  host: HostFacts;
  at: number;
  address: string;
  /** The last nonce that the key has spent. */
  nonce: number;
  awaitsApproval: boolean;
  /** The original of a clone; null: not a clone. */
  clonedFrom: string | null;
  /** Further details of the audit event. */
  details?: AuditEvent["details"];
}

/** The token that admitted the hosts. */
export interface AdmittingToken {
  id: string;
  name: string;
  tags: string[];
  /** The columns of a new sensor that the token determines. */
  sensorColumns: Pick<SensorTable, "enrollmentTokenId" | "ephemeralHours">;
}

/** Creates the sensors in the caller's transaction. Throws a duplicate error if one of the keys is known. */
export async function createSensors(
  tx: Database,
  token: AdmittingToken,
  assetGroupId: string | null,
  newSensors: NewSensor[],
): Promise<void> {
  const enrolling = newSensors.map((sensor) => ({ ...sensor, isWithdrawn: sensor.awaitsApproval }));
  const created = await createAssets(tx, enrolling, { assetGroupId, tags: token.tags });
  await insertSensors(
    tx,
    created.map((one) => ({ sensor: columnsOf(one, token), address: one.address, nonce: one.nonce })),
  );
  const actor = { type: "enrollment-token", id: token.id, name: token.name } as const;
  const events = created.flatMap(({ sensorId, assetId, at, address, host: { hostname }, ...one }) => [
    assetCreated({ at, actor: { ...actor, address } }, assetId, hostname),
    {
      at,
      actor: { ...actor, address },
      action: "sensor.enrolled" as const,
      entity: { type: "sensor" as const, id: sensorId, name: hostname },
      details: { assetId, ...one.details },
    },
  ]);
  await recordAuditEvents(tx, events);
}

function columnsOf(
  {
    sensorId,
    assetId,
    publicKey,
    host,
    sensorVersion,
    at,
    awaitsApproval,
    clonedFrom,
  }: NewSensor & {
    assetId: string;
  },
  { sensorColumns }: AdmittingToken,
): NewSensorRow {
  const { hostname, platform, osName, osVersion, architecture } = host;
  return {
    ...sensorColumns,
    ...{ id: sensorId, publicKey, assetId, clonedFrom },
    ...{ hostname, platform, osName, osVersion, architecture },
    hostnameKey: nameKey(hostname),
    admittedHostname: hostname,
    version: sensorVersion,
    enrolledAt: at,
    keyChangedAt: at,
    awaitingApproval: awaitsApproval ? 1 : 0,
    enrolledHost: JSON.stringify(host),
  };
}

/** Returns undefined for a deleted sensor. */
export async function findEnrolled(db: Database, id: string): Promise<Enrolled | undefined> {
  const row = await findSensor(db, id);
  return row && enrolledAs({ ...row, sensorId: row.id });
}

export function enrolledAs(row: {
  sensorId: string;
  awaitingApproval: number;
  assetGroupId: string | null;
  assetGroupName: string | null;
}): Enrolled {
  const { sensorId, awaitingApproval, assetGroupId, assetGroupName } = row;
  return {
    sensorId,
    assetGroup: assetGroupId === null ? null : { id: assetGroupId, name: assetGroupName ?? "" },
    awaitingApproval: awaitingApproval === 1,
  };
}
