// The tables of users: their accounts, sessions, second factors and one-time links.
import type { LinkPurpose } from "@attacklens/protocol/one-time-links.ts";

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

export interface SessionTable {
  id: string;
  /** SHA-256 of the cookie's token, so that read access to the database gives no session. */
  token: string;
  userId: string;
  expiresAt: number;
  ipAddress: string | null;
  userAgent: string | null;
  /** The time of sign-in. */
  createdAt: number;
  updatedAt: number;
  /** When the user last proved who they are after the sign-in; null: not since. */
  confirmedAt: number | null;
  /** To the minute; null: not yet. */
  lastUsedAt: number | null;
  lastUsedAddress: string | null;
}

/** The app that shows a user's one-time codes (TOTP). */
export interface AuthenticatorAppTable {
  userId: string;
  /** Its secret, sealed with the installation's secret. */
  sealedSecret: string;
  createdAt: number;
  /** When the user entered its first code; null: set-up is not complete, and no sign-in needs it. */
  confirmedAt: number | null;
  /** The time step of the last code that was accepted. Older codes are refused. */
  lastStep: number;
}

export interface RecoveryCodeTable {
  userId: string;
  codeHash: string;
  usedAt: number | null;
}

export interface PasskeyTable {
  id: string;
  userId: string;
  name: string;
  /** Base64url, like the public key, which is a COSE key. */
  credentialId: string;
  publicKey: string;
  /** The signature counter. Most passkeys always send 0. */
  counter: number;
  /** A JSON list, for the browser. */
  transports: string;
  createdAt: number;
  lastUsedAt: number | null;
}

/** An address of an earlier sign-in: IPv4, or an IPv6 /64. */
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
