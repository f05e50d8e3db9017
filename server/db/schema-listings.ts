// The tables that lists of sensors read, as types for Kysely.
import type { Generated, GeneratedAlways } from "kysely";
import type { SensorPresenceTable, SensorTable, Standing } from "./schema.ts";

export interface PresenceWithSilence extends SensorPresenceTable {
  /**
   * 1: was not seen for three intervals when a job last looked. A trigger sets 0 when the sensor is seen
   * again.
   */
  isSilent: Generated<number>;
  /** The cell of the sensor if it were not silent; null: it is deleted. A trigger writes it. */
  cell: GeneratedAlways<number | null>;
  /** A trigger writes it. */
  tokenGroupId: GeneratedAlways<number | null>;
}

/** A token with an asset group that some of its sensors are in. */
export interface TokenGroupTable {
  id: GeneratedAlways<number>;
  enrollmentTokenId: string;
  /** Empty: sensors without a group. */
  assetGroupId: string;
}

/** What lists of sensors filter and sort by. Triggers write it. */
export interface SensorListingTable {
  number: GeneratedAlways<number>;
  sensorId: string;
  tokenGroupId: number;
  standing: Standing;
  platform: SensorTable["platform"];
  hostnameKey: string;
  enrolledAt: number;
  version: string;
  /** When a silent sensor was last seen; null: it is not silent. */
  silentSince: number | null;
  /** Standing, platform and silence as a number. */
  cell: GeneratedAlways<number>;
}

/** The number of sensors in each cell, as sums of its rows. Triggers write it. */
export interface SensorCountTable {
  /** 0: of all tokens and groups, with a row for each version. */
  tokenGroupId: number;
  cell: number;
  version: string;
  sensors: number;
}
