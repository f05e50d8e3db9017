// The tables of sign-in: sessions, passwords, and second factors.

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

/** The failed attempts with codes in one window of time. */
export interface FailedAttemptTable {
  /** A key of the limits. */
  kind: string;
  subject: string;
  attempts: number;
  /** The end of the window. */
  endsAt: number;
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
