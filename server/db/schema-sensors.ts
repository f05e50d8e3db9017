// The tables of sensors and their keys as types for Kysely.
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import type { GeneratedAlways } from "kysely";

export interface SensorTable {
  id: string;
  /** Ed25519, 32 bytes in base64url. */
  publicKey: string;
  enrollmentTokenId: string;
  assetId: string;
  hostname: string;
  hostnameKey: string;
  /** The hostname that its enrollment token, or an operator, admitted. */
  admittedHostname: string;
  platform: "linux" | "windows" | "darwin";
  osName: string;
  osVersion: string;
  architecture: string;
  version: string;
  enrolledAt: number;
  /** When the first inventory was complete; null: pending. */
  reportedAt: number | null;
  deletedAt: number | null;
  awaitingApproval: number;
  approvedAt: number | null;
  approvedBy: string | null;
  blockedAt: number | null;
  blockedBy: string | null;
  /** The sensor is removed after this many hours offline; null: never. */
  ephemeralHours: number | null;
  /** When it was unenrolled. From then on, its key is refused. */
  uninstalledAt: number | null;
  /** When it was removed as ephemeral. From then on, its key is refused. */
  removedAt: number | null;
  /** The instance of the sensor that holds the key; null: none has checked in yet. */
  instanceId: string | null;
  /** 1: another instance with this key has reported, and seems to run on another host. */
  hasNewcomers: number;
  /** JSON of the host facts at its enrollment. */
  enrolledHost: string;
  /** The sensor that this one is a clone of. */
  clonedFrom: string | null;
  /** The announced key. Both keys are valid until the first request that this one signs. */
  nextPublicKey: string | null;
  /** X25519, 32 bytes in base64url, announced by the instance that holds the key; null: not announced. */
  agreementKey: string | null;
  keyChangedAt: number;
  /**
   * The sensor of the re-imaged host, which continues its history. A request of this sensor undoes the merge.
   */
  replacedBy: string | null;
  replacedAt: number | null;
  /** The user who merged it; null: the enrollment token's rule. */
  replacementDecidedBy: string | null;
}

/** The status without presence: `reporting` is online or offline. */
export type Standing = "deleted" | Exclude<SensorStatus, "online" | "offline"> | "reporting";

/** Columns that the database derives from the others. */
export interface SensorWithStanding extends SensorTable {
  standing: GeneratedAlways<Standing>;
  /** 0: deleted, removed or replaced. */
  listed: GeneratedAlways<number>;
  /** Counts the changes of the row. A trigger increases it. */
  revision: GeneratedAlways<number>;
}

/**
 * A new sensor whose hardware matches an earlier sensor. Queries check whether the earlier sensor is silent.
 */
export interface SensorMatchTable {
  sensorId: string;
  predecessorId: string;
  /** JSON of compared facts. */
  facts: string;
  /** 1: no hardware fact differs. */
  isCertain: number;
  /** null: open. */
  decision: "merged" | "dismissed" | null;
  decidedAt: number | null;
  /** With a decision, null means a rule decided. */
  decidedBy: string | null;
  /** The sensor's asset before the merge gave it its predecessor's; null: it already had that one. */
  formerAssetId: string | null;
}

/** An instance of the sensor process with the sensor's key. Each sensor has one holder. */
export interface SensorInstanceTable {
  sensorId: string;
  instanceId: string;
  /**
   * newcomer: seems to run on another host, while the holder may be alive; past: was the holder; clone: must
   * create another key.
   */
  state: "holder" | "newcomer" | "past" | "clone";
  /** JSON of its host facts. */
  host: string;
  address: string;
  firstSeenAt: number;
  /** holder: when it took the key back from a later instance; past: its last request. */
  returnedAt: number | null;
  /** past: requests since a later instance took over; holder: requests since a past instance reported. */
  returns: number;
  /** The separate sensor that the clone became. */
  cloneSensorId: string | null;
}

/** A public key that is, was, or is announced as a sensor's key. Deleted sensors keep theirs. */
export interface KnownKeyTable {
  publicKey: string;
  sensorId: string;
  /** `rotated` and `re-enrolled` state why the sensor no longer has the key. */
  state: "present" | "next" | "rotated" | "re-enrolled";
  /** The request that made the key known. Only this request may be repeated. */
  origin: "enrollment" | "ticket" | "clone" | "announcement";
  /** Null for `present` and `next`. */
  replacedAt: number | null;
}

/** Lets one host continue a sensor with a new key. */
export interface ReEnrollTicketTable {
  id: string;
  sensorId: string;
  /** SHA-256 of the value, which is nowhere else. */
  valueHash: string;
  createdAt: number;
  createdBy: string;
  expiresAt: number;
  usedAt: number | null;
  /** The key that used the ticket. The same key may use it again, because a reply can be lost. */
  publicKey: string | null;
}

/** A small table with frequent writes: one update per sensor request, in group commits. */
export interface SensorPresenceTable {
  sensorId: string;
  lastSeenAt: number;
  lastNonce: number;
  /** See `addressKey`. */
  address: string;
}
