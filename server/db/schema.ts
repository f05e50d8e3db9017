// The tables as Kysely sees them: camelCase here, snake_case in SQL, translated by one plug-in. Times are
// milliseconds UTC.
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import type { TokenSettingName, TokenSettings } from "@attacklens/protocol/token-settings.ts";
import type { Generated, GeneratedAlways, Kysely } from "kysely";

export interface UserTable {
  id: string;
  name: string;
  /** Lower case; users sign in with it. */
  email: string;
  emailVerified: number;
  image: string | null;
  role: string;
  status: "active" | "disabled";
  lastSignInAt: number | null;
  createdAt: number;
  updatedAt: number;
}

export interface SessionTable {
  id: string;
  /** SHA-256 of the cookie's token: a reader of the database gets no session. */
  token: string;
  userId: string;
  expiresAt: number;
  ipAddress: string | null;
  userAgent: string | null;
  createdAt: number;
  updatedAt: number;
}

/** An address with an earlier sign-in: IPv4, or an IPv6 network of 64 bits. */
export interface SignInAddressTable {
  address: string;
  signedInAt: number;
}

export interface AccountTable {
  id: string;
  accountId: string;
  providerId: string;
  userId: string;
  accessToken: string | null;
  refreshToken: string | null;
  idToken: string | null;
  accessTokenExpiresAt: number | null;
  refreshTokenExpiresAt: number | null;
  scope: string | null;
  /** Argon2id in PHC string format. */
  password: string | null;
  createdAt: number;
  updatedAt: number;
}

export interface VerificationTable {
  id: string;
  identifier: string;
  value: string;
  expiresAt: number;
  createdAt: number;
  updatedAt: number;
}

export interface SettingTable {
  name: string;
  value: string;
}

export interface AssetGroupTable {
  id: string;
  name: string;
  /** The name as it is compared and sorted: NFKC, lower case. */
  nameKey: string;
  createdAt: number;
  createdBy: string;
  deletedAt: number | null;
  /** Counts its assets that are not merged into another. */
  assets: number;
}

/** A separate row, so that locking a token reads no list of hostnames. */
export interface TokenRolloutTable {
  enrollmentTokenId: string;
  /** JSON: which machines are expected. */
  expected: string;
}

/** A column for each row of `TOKEN_SETTINGS`: a list is a JSON array, a switch is 1 or 0. */
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
  /** The token that this one succeeds. */
  rotatedFrom: string | null;
  /** Refused attempts with its value, of the hosts that its ledger still has. */
  refusedAttempts: number;
  /** When it was last used for a sensor. */
  lastUsedAt: number | null;
}

/**
 * The use ledger: an attempt to enroll with the token's value. A host that is refused again for one reason is
 * one row.
 */
export interface EnrollmentAttemptTable {
  id: string;
  enrollmentTokenId: string;
  reference: string;
  /** Accepted attempts are numbered from 1, which counts the token's use; null: refused. */
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
  /** Removed after so many hours offline; null: never. */
  ephemeralHours: number | null;
  /** When it was unenrolled. Its key is refused from then on. */
  uninstalledAt: number | null;
  /** When it was removed as ephemeral: its key is refused from then on. */
  removedAt: number | null;
  /** The instance of the sensor that holds the key; null: none has checked in yet. */
  instanceId: string | null;
  /** 1: another instance has appeared with this key, and seems to run on another host. */
  hasNewcomers: number;
  /** JSON of the host facts it enrolled with. */
  enrolledHost: string;
  /** The sensor whose key its host held before. */
  clonedFrom: string | null;
  /** Announced, and valid beside the present one until it has signed a request. */
  nextPublicKey: string | null;
  keyChangedAt: number;
  /**
   * The sensor that continues its history: its host was re-imaged. A request of the replaced sensor undoes
   * that.
   */
  replacedBy: string | null;
  replacedAt: number | null;
  /** The user who decided it; null: the enrollment token's rule. */
  replacementDecidedBy: string | null;
}

/** Without presence, which `reporting` leaves open. */
export type Standing = "deleted" | Exclude<SensorStatus, "online" | "offline"> | "reporting";

/** Columns that the database derives from the others. */
export interface SensorWithStanding extends SensorTable {
  standing: GeneratedAlways<Standing>;
  /** 0: deleted, removed or replaced. */
  listed: GeneratedAlways<number>;
}

/**
 * A sensor on hardware on which another one ran when it enrolled. Whether that one is silent is looked at
 * when it is asked for.
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
  /** null with a decision: a rule. */
  decidedBy: string | null;
  /** The asset that the sensor had before it took over its predecessor's; null: it had that one already. */
  formerAssetId: string | null;
}

/** A start of the program with a sensor's key. Of one sensor, one is the holder. */
export interface SensorInstanceTable {
  sensorId: string;
  instanceId: string;
  /**
   * newcomer: seems to run on another host, while the holder may be alive; past: was the holder; clone: must
   * create another key.
   */
  state: "holder" | "newcomer" | "past" | "clone";
  /** JSON of the host facts it said. */
  host: string;
  address: string;
  firstSeenAt: number;
  /** holder: when it took the key back from a later instance; past: its last request. */
  returnedAt: number | null;
  /** past: requests since a later instance took over; holder: requests since a past instance reported. */
  returns: number;
  /** What the clone became. */
  cloneSensorId: string | null;
}

/** A public key that is, was, or is announced as a sensor's key. Deleted sensors keep theirs. */
export interface KnownKeyTable {
  publicKey: string;
  sensorId: string;
  /** `rotated` and `re-enrolled` are why the sensor no longer has it. */
  state: "present" | "next" | "rotated" | "re-enrolled";
  /** The request that made the key known: only that one may be repeated. */
  origin: "enrollment" | "ticket" | "clone" | "announcement";
  /** Null for `present` and `next`. */
  replacedAt: number | null;
}

/** Lets one host take a sensor over with a new key. */
export interface ReEnrollTicketTable {
  id: string;
  sensorId: string;
  /** SHA-256 of the value, which is nowhere else. */
  valueHash: string;
  createdAt: number;
  createdBy: string;
  expiresAt: number;
  usedAt: number | null;
  /** The key that it was used for: the same key may come again, when the reply was lost. */
  publicKey: string | null;
}

/** Hot and small: one update for every request of a sensor, written by group commit. */
export interface SensorPresenceTable {
  sensorId: string;
  lastSeenAt: number;
  lastNonce: number;
  address: string;
}

export interface AssetTable {
  id: string;
  name: string;
  nameKey: string;
  type: "server" | "virtual-machine" | "endpoint";
  category: "compute";
  assetGroupId: string | null;
  createdAt: number;
  /** JSON array of text. */
  tags: string;
  /** The asset that this one turned out to be. */
  mergedInto: string | null;
}

export interface AssetIdentifierTable {
  assetId: string;
  type: string;
  /** Normalised: lower case, trimmed. */
  value: string;
}

/** A chunk of items under the SHA-256 of its canonical JSON; stored once for all hosts that have it. */
export interface InventoryChunkTable {
  hash: string;
  category: string;
  content: string;
  itemCount: number;
  /** Of the content in UTF-8. */
  sizeBytes: number;
  bucket: number;
  createdAt: number;
}

/** A category as a list of chunks, under its root hash. */
export interface InventoryManifestTable {
  root: string;
  category: string;
  /** JSON array of chunk hashes, in bucket order. */
  chunks: string;
  itemCount: number;
  createdAt: number;
}

/**
 * That a sensor of an asset group has shown a chunk's content, or a root's chunks. What others have shown
 * does not count: else a sensor could find out what they have.
 */
export interface InventoryScopeTable {
  /** Empty: of the sensors without a group. */
  assetGroupId: string;
  /** A chunk's or a root's. */
  hash: string;
}

/** What a sensor has now, a row a category. */
export interface SensorInventoryTable {
  sensorId: string;
  category: string;
  status: "collected" | "failed" | "unsupported";
  reason: string | null;
  /** Null: nothing stored yet. */
  root: string | null;
  /** When the root was collected. */
  changedAt: number | null;
}

/** What a sensor had: a row for every change, in the order in which both times grow. */
export interface InventoryHistoryTable {
  sensorId: string;
  category: string;
  root: string;
  /** When the server took it; of two in one category never the same. */
  reportedAt: number;
  /** When it was collected, as far as that agrees with the order. */
  collectedAt: number;
}

/** A root of the private CA; the newest signs. */
export interface CertificateAuthorityTable {
  id: string;
  /** PEM, self-signed. */
  certificate: string;
  /** PEM, for the same key by the root before; null: there was none. */
  crossCertificate: string | null;
  /** PKCS #8, sealed with the installation's secret. */
  sealedKey: string;
  createdAt: number;
  /** Until when it is trusted beside newer ones. */
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

/**
 * A creating request that was done under an `Idempotency-Key`. Holds no secret: neither the key nor what was
 * sent.
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

/** Actions of users and tokens. Each event contains the hash of the one before. */
export interface AuditEventTable {
  sequence: number;
  id: string;
  at: number;
  actorType: "user" | "api-key" | "enrollment-token" | "system";
  actorId: string;
  actorName: string;
  action: string;
  entityType: string;
  entityId: string;
  /** Canonical JSON. */
  details: string;
  previousHash: string;
  hash: string;
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
  signInAddress: SignInAddressTable;
  account: AccountTable;
  verification: VerificationTable;
  setting: SettingTable;
  apiKey: ApiKeyTable;
  certificateAuthority: CertificateAuthorityTable;
  assetGroup: AssetGroupTable;
  enrollmentToken: EnrollmentTokenTable;
  tokenRollout: TokenRolloutTable;
  enrollmentAttempt: EnrollmentAttemptTable;
  sensor: SensorWithStanding;
  sensorPresence: SensorPresenceTable;
  sensorInstance: SensorInstanceTable;
  knownKey: KnownKeyTable;
  sensorMatch: SensorMatchTable;
  reEnrollTicket: ReEnrollTicketTable;
  asset: AssetTable;
  assetIdentifier: AssetIdentifierTable;
  inventoryChunk: InventoryChunkTable;
  inventoryManifest: InventoryManifestTable;
  inventoryScope: InventoryScopeTable;
  sensorInventory: SensorInventoryTable;
  inventoryHistory: InventoryHistoryTable;
  idempotencyKey: IdempotencyKeyTable;
  auditEvent: AuditEventTable;
  auditHead: AuditHeadTable;
}

/** A connection to either database, or a transaction on it. */
export type Database = Kysely<Schema>;
