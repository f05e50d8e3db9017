// Creates sensors, each with its asset, for hosts that a token admitted: for enrollments and for clones.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { assetCreated, createAssets } from "../assets/assets.ts";
import { type AuditEvent, recordAuditEvents } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import type { SensorTable } from "../db/schema-sensors.ts";
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
  const assetIds = await createAssets(tx, newSensors, { assetGroupId, tags: token.tags });
  await insertSensors(
    tx,
    newSensors.map((one, index) => ({
      sensor: columnsOf(one, assetIds[index]!, token),
      address: one.address,
      nonce: one.nonce,
    })),
  );
  const events: AuditEvent[] = [];
  for (const [index, { sensorId, at, address, host, details }] of newSensors.entries()) {
    const assetId = assetIds[index]!;
    const actor = { type: "enrollment-token", id: token.id, name: token.name, address } as const;
    events.push(assetCreated({ at, actor }, assetId, host.hostname), {
      at,
      actor,
      action: "sensor.enrolled",
      entity: { type: "sensor", id: sensorId, name: host.hostname },
      details: { assetId, ...details },
    });
  }
  await recordAuditEvents(tx, events);
}

function columnsOf(one: NewSensor, assetId: string, { sensorColumns }: AdmittingToken): NewSensorRow {
  const { host } = one;
  return {
    id: one.sensorId,
    publicKey: one.publicKey,
    enrollmentTokenId: sensorColumns.enrollmentTokenId,
    assetId,
    hostname: host.hostname,
    hostnameKey: nameKey(host.hostname),
    admittedHostname: host.hostname,
    platform: host.platform,
    osName: host.osName,
    osVersion: host.osVersion,
    architecture: host.architecture,
    version: one.sensorVersion,
    enrolledAt: one.at,
    keyChangedAt: one.at,
    awaitingApproval: one.awaitsApproval ? 1 : 0,
    ephemeralHours: sensorColumns.ephemeralHours,
    enrolledHost: JSON.stringify(host),
    clonedFrom: one.clonedFrom,
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
