// The tables that lists of sensors read, as types for Kysely.
import type { Generated, GeneratedAlways } from "kysely";
import type { SensorPresenceTable, SensorTable, Standing } from "./schema-sensors.ts";

export interface PresenceWithSilence extends SensorPresenceTable {
  /**
   * 1: was not seen for three intervals when a job last looked. A trigger sets 0 when the sensor is seen
   * again.
   */
  isSilent: Generated<number>;
  /** The cell of the sensor if it were not silent; null: it is deleted. A trigger writes it. */
  cell: GeneratedAlways<number | null>;
  /** A trigger writes it. */
  classId: GeneratedAlways<number | null>;
}

/** A token with an asset group that some of its sensors are in. */
export interface TokenGroupTable {
  id: GeneratedAlways<number>;
  enrollmentTokenId: string;
  /** Empty: sensors without a group. */
  assetGroupId: string;
}

/** Sensors with the same values. Two rows may be equal. Triggers write it. */
export interface SensorClassTable {
  id: GeneratedAlways<number>;
  tokenGroupId: number;
  /** Of a sensor that is not silent. */
  cell: number;
  version: string;
  os: string;
  architecture: string;
  /** Of the asset: a JSON array. */
  tags: string;
  /** null: sensors may be added to it. */
  retiredAt: number | null;
}

/** What lists of sensors filter and sort by. Triggers write it. */
export interface SensorListingTable {
  /** Only on SQLite: the key of the search. */
  number: GeneratedAlways<number>;
  sensorId: string;
  classId: number;
  standing: Standing;
  platform: SensorTable["platform"];
  hostnameKey: string;
  enrolledAt: number;
  /** When a silent sensor was last seen; null: it is not silent. */
  silentSince: number | null;
  /** Standing, platform and silence as a number. */
  cell: GeneratedAlways<number>;
}

/** The number of sensors in each cell, as sums of its rows. Triggers write it. */
export interface SensorCountTable {
  /** 0: of all classes. */
  classId: number;
  cell: number;
  sensors: number;
}
