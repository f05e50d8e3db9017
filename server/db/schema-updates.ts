// The tables of updates as types for Kysely.
import type { HostUpdateState } from "@attacklens/protocol/update-rings.ts";
import type { UpdateMethod } from "@attacklens/protocol/updates.ts";

/** Asset groups that are updated together. Rings are updated in the order of their positions. */
export interface UpdateRingTable {
  id: string;
  name: string;
  nameKey: string;
  position: number;
  /** 1: the ring of all sensors that are in no other ring. */
  isLast: number;
  /** JSON array of weekdays. */
  days: string;
  hours: string;
  timeZone: string;
  canaries: number;
  stopAfter: number;
  soakMinutes: number;
  /** The pinned version; null: the newest release. */
  version: string | null;
  mandatory: number;
  pausedAt: number | null;
  pausedBy: string | null;
  changedAt: number;
}

export interface UpdateRingGroupTable {
  assetGroupId: string;
  ringId: string;
}

/** What a ring does with one release. */
export interface UpdateRunTable {
  ringId: string;
  version: string;
  /** A release that is signed again with a higher counter starts from the beginning. */
  counter: number;
  attempt: number;
  startedAt: number;
  /** From then on, the other hosts of the ring update, and after the soak time the next ring. */
  canariesDoneAt: number | null;
  stoppedAt: number | null;
  changedAt: number;
}

/** How a sensor is updated, and its latest update. */
export interface SensorUpdateTable {
  sensorId: string;
  method: UpdateMethod;
  /** The build that runs there. */
  target: string;
  /** Null, like the attempt: no update was offered or reported. */
  version: string | null;
  attempt: number | null;
  state: HostUpdateState;
  reason: string | null;
  /** When it entered the state, by the server's clock. */
  since: number;
  /** The ring in which it was offered. */
  ringId: string | null;
  isCanary: number;
  offeredAt: number | null;
}

/** A release that a server of this database stores or has stored. It is never deleted. */
export interface KnownReleaseTable {
  version: string;
  /** The highest one with this version. */
  counter: number;
  createdAt: number;
  expiresAt: number;
  /** JSON array of the sensor's builds. */
  targets: string;
  /** When a server last stored it. */
  seenAt: number;
}

/** One row: the hosts that start an update in the present minute. */
export interface UpdatePaceTable {
  id: number;
  minute: number;
  offers: number;
}
