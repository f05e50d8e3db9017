// The tables as types for Kysely: camelCase here, snake_case in SQL; one plug-in translates. Times are
// milliseconds UTC.

import type { AssetType } from "@attacklens/protocol/assets.ts";
import type { AuditActorType } from "@attacklens/protocol/audit-actions.ts";
import type { LinkPurpose } from "@attacklens/protocol/one-time-links.ts";
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import type { TokenSettingName, TokenSettings } from "@attacklens/protocol/token-settings.ts";
import type { Generated, GeneratedAlways, Kysely } from "kysely";
import type {
  AccountTable,
  AuthenticatorAppTable,
  FailedAttemptTable,
  PasskeyTable,
  RecoveryCodeTable,
  SessionTable,
  SignInAddressTable,
  VerificationTable,
} from "./schema-accounts.ts";
import type {
  InventoryChunkScopeTable,
  InventoryChunkTable,
  InventoryHistoryTable,
  InventoryManifestTable,
  InventoryPackNumberTable,
  InventoryPackTable,
  InventoryScopeTable,
  InventoryStateTable,
  SensorInventoryTable,
} from "./schema-inventory.ts";
import type {
  PresenceWithSilence,
  SensorClassTable,
  SensorCountTable,
  SensorListingTable,
  TokenGroupTable,
} from "./schema-listings.ts";
import type {
  KnownReleaseTable,
  SensorUpdateTable,
  UpdatePaceTable,
  UpdateRingGroupTable,
  UpdateRingTable,
  UpdateRunTable,
} from "./schema-updates.ts";

export interface UserTable {
  id: string;
  name: string;
  /** Lower case. Users sign in with it. */
  email: string;
  emailVerified: number;
  image: string | null;
  role: string;
  /** A deleted user keeps its row, because other rows refer to it. Its email is its id. */
  status: "active" | "invited" | "disabled" | "deleted";
  lastSignInAt: number | null;
  createdAt: number;
  updatedAt: number;
  /** The name for searching and sorting: NFKC, lower case. */
  nameKey: string;
}

/** A link with which an invited user, or one who forgot the password, sets a new one. */
export interface OneTimeLinkTable {
  id: string;
  userId: string;
  purpose: LinkPurpose;
  /** SHA-256 of the value, lower-case hex. */
  valueHash: string;
  createdAt: number;
  /** Null: the operator of the server. */
  createdBy: string | null;
  expiresAt: number;
  usedAt: number | null;
  /** When a later link or another change made it invalid. */
  withdrawnAt: number | null;
}

export interface SettingTable {
  name: string;
  value: string;
}

export interface AssetGroupTable {
  id: string;
  name: string;
  /** The name for comparing and sorting: NFKC, lower case. */
  nameKey: string;
  createdAt: number;
  createdBy: string;
  deletedAt: number | null;
  /** The number of its assets that are not merged into another. */
  assets: number;
}

/** A separate row, so that locking a token reads no list of hostnames. */
export interface TokenRolloutTable {
  enrollmentTokenId: string;
  /** JSON of the expected machines. */
  expected: string;
}

/** A column for each row of `TOKEN_SETTINGS`. A list is a JSON array, a switch is 1 or 0. */
export type TokenSettingColumns = {
  [N in TokenSettingName]: TokenSettings[N] extends string[]
    ? string
    : TokenSettings[N] extends boolean
      ? number
      : TokenSettings[N];
};

export interface EnrollmentTokenTable extends TokenSettingColumns {
  id: string;
  name: string;
  nameKey: string;
  /** SHA-256 of the value, lower-case hex. */
  valueHash: string;
  hint: string;
  /** Null: all assets. */
  assetGroupId: string | null;
  expiresAt: number | null;
  createdAt: number;
  createdBy: string;
  revokedAt: number | null;
  revokedBy: string | null;
  deletedAt: number | null;
  description: string;
  pausedAt: number | null;
  pausedBy: string | null;
  /** The predecessor of this token. */
  rotatedFrom: string | null;
  /** Refused attempts with its value, by hosts that are still in its ledger. */
  refusedAttempts: number;
  /** The time of its last use for a sensor. */
  lastUsedAt: number | null;
}

/**
 * The use ledger: an attempt to enroll with the token's value. Repeated refusals of a host for the same
 * reason are one row.
 */
export interface EnrollmentAttemptTable {
  id: string;
  enrollmentTokenId: string;
  reference: string;
  /** Numbers the accepted attempts of the token from 1; null: refused. */
  useNumber: number | null;
  /** Problem code of the refusal; null: accepted. */
  reason: string | null;
  detail: string | null;
  firstAt: number;
  at: number;
  attempts: number;
  address: string;
  hostname: string;
  hostnameKey: string;
  publicKey: string;
  sensorId: string | null;
}

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

export interface AssetTable {
  id: string;
  name: string;
  nameKey: string;
  type: AssetType;
  /** user: reports do not change the type. */
  typeSource: Generated<"derived" | "user">;
  /** JSON of the reported facts that the type is derived from. */
  typeFacts: Generated<string>;
  category: "compute";
  assetGroupId: string | null;
  createdAt: number;
  /** JSON array of text. */
  tags: string;
  /** The asset that this one was merged into. */
  mergedInto: string | null;
}

export interface AssetIdentifierTable {
  assetId: string;
  type: string;
  /** Normalised: lower case, trimmed. */
  value: string;
}

/** A root of the private CA; the newest signs. */
export interface CertificateAuthorityTable {
  id: string;
  /** PEM, self-signed. */
  certificate: string;
  /** PEM. The previous root issued it for the same key; null: there was no previous root. */
  crossCertificate: string | null;
  /** PKCS #8, sealed with the installation's secret. */
  sealedKey: string;
  createdAt: number;
  /** The end of the overlap with newer roots; null: it is the newest. */
  retiresAt: number | null;
}

export interface ApiKeyTable {
  id: string;
  name: string;
  nameKey: string;
  /** SHA-256 of the value, which is nowhere else. */
  valueHash: string;
  hint: string;
  role: string;
  createdAt: number;
  createdBy: string;
  expiresAt: number;
  revokedAt: number | null;
  revokedBy: string | null;
  /** To the minute. */
  lastUsedAt: number | null;
  lastUsedAddress: string | null;
}

/** A saved view of a list. */
export interface SavedViewTable {
  id: string;
  list: string;
  name: string;
  /** Unique among the owner's views of the list. */
  nameKey: string;
  /** The query string of the list's page. */
  search: string;
  isShared: number;
  createdAt: number;
  createdBy: string;
  updatedAt: number;
}

/**
 * A completed request with an `Idempotency-Key` that created an object. Contains neither the key nor the
 * input.
 */
export interface IdempotencyKeyTable {
  /** SHA-256 of the caller, the route and the key. */
  keyHash: string;
  /** HMAC-SHA-256 of the request's input, by the key. */
  requestHash: string;
  /** The created object. */
  objectId: string;
  createdAt: number;
}

/** Actions of users, API keys, tokens and the system. Each event contains the hash of the previous one. */
export interface AuditEventTable {
  sequence: number;
  id: string;
  at: number;
  actorType: AuditActorType;
  actorId: string;
  actorName: string;
  action: string;
  entityType: string;
  entityId: string;
  /** Canonical JSON. */
  details: string;
  previousHash: string;
  hash: string;
  /** The form of the hash: `eventHash`. */
  version: number;
  /** The address of the actor; null: none. */
  address: string | null;
  /** The name of the entity at that time; null: version 1. */
  entityName: string | null;
}

/** The text that searches read. A job writes it after the event. */
export interface AuditTextTable {
  sequence: number;
  /** Folded. */
  words: string;
}

/** The end of the chain: one row, locked while an event is appended. */
export interface AuditHeadTable {
  id: Generated<number>;
  sequence: number;
  hash: string;
}

export interface Schema {
  user: UserTable;
  session: SessionTable;
  authenticatorApp: AuthenticatorAppTable;
  recoveryCode: RecoveryCodeTable;
  failedAttempt: FailedAttemptTable;
  passkey: PasskeyTable;
  signInAddress: SignInAddressTable;
  account: AccountTable;
  verification: VerificationTable;
  setting: SettingTable;
  oneTimeLink: OneTimeLinkTable;
  apiKey: ApiKeyTable;
  certificateAuthority: CertificateAuthorityTable;
  assetGroup: AssetGroupTable;
  savedView: SavedViewTable;
  enrollmentToken: EnrollmentTokenTable;
  tokenRollout: TokenRolloutTable;
  enrollmentAttempt: EnrollmentAttemptTable;
  sensor: SensorWithStanding;
  sensorPresence: PresenceWithSilence;
  sensorListing: SensorListingTable;
  sensorClass: SensorClassTable;
  sensorCount: SensorCountTable;
  tokenGroup: TokenGroupTable;
  sensorInstance: SensorInstanceTable;
  knownKey: KnownKeyTable;
  sensorMatch: SensorMatchTable;
  reEnrollTicket: ReEnrollTicketTable;
  asset: AssetTable;
  assetIdentifier: AssetIdentifierTable;
  inventoryPack: InventoryPackTable;
  inventoryPackNumber: InventoryPackNumberTable;
  inventoryChunk: InventoryChunkTable;
  inventoryChunkScope: InventoryChunkScopeTable;
  inventoryManifest: InventoryManifestTable;
  inventoryScope: InventoryScopeTable;
  inventoryState: InventoryStateTable;
  sensorInventory: SensorInventoryTable;
  inventoryHistory: InventoryHistoryTable;
  updateRing: UpdateRingTable;
  updateRingGroup: UpdateRingGroupTable;
  updateRun: UpdateRunTable;
  sensorUpdate: SensorUpdateTable;
  knownRelease: KnownReleaseTable;
  updatePace: UpdatePaceTable;
  idempotencyKey: IdempotencyKeyTable;
  auditEvent: AuditEventTable;
  auditHead: AuditHeadTable;
  auditText: AuditTextTable;
}

/** A connection to either database, or a transaction on it. */
export type Database = Kysely<Schema>;
