// The tables as types for Kysely: camelCase here, snake_case in SQL; one plug-in translates. Times are
// milliseconds UTC.

import type { AssetType } from "@attacklens/protocol/assets.ts";
import type { AuditActorType } from "@attacklens/protocol/audit-actions.ts";
import type { LinkPurpose } from "@attacklens/protocol/one-time-links.ts";
import type { Generated, Kysely } from "kysely";
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
  InventoryHistoryTable,
  InventoryManifestTable,
  InventoryPackKeyTable,
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
  KnownKeyTable,
  ReEnrollTicketTable,
  SensorInstanceTable,
  SensorMatchTable,
  SensorWithStanding,
} from "./schema-sensors.ts";
import type { EnrollmentAttemptTable, EnrollmentTokenTable, TokenRolloutTable } from "./schema-tokens.ts";
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
  inventoryPackKey: InventoryPackKeyTable;
  inventoryPackNumber: InventoryPackNumberTable;
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
