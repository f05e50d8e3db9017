// The caller of a route, and the HTTP request as it arrived.
import type { Role } from "@attacklens/protocol/permissions.ts";
import type { SensorStanding } from "@attacklens/protocol/route.ts";

/** A signed-in user, or the user of an API key. */
export interface User {
  id: string;
  name: string;
  email: string;
  /** With an API key: the lower of the key's role and the user's. */
  role: Role;
  /** The API key that the request used. */
  apiKey?: { id: string; name: string };
  /** The session that the request used. */
  session?: { id: string; isRecent: boolean };
  /** The client's address, after trusted proxies. Absent: no request. */
  address?: string;
  /** The user must add a second factor before they can do anything else. */
  lacksSecondFactor?: boolean;
}

/** A user who is signed in with a session, not with an API key. */
export type SessionUser = User & Required<Pick<User, "session">>;

/** A sensor whose signature was verified and whose nonce is spent. */
export interface SensorCaller {
  id: string;
  version: string;
  /** When its first inventory was complete; null: not yet. */
  reportedAt: number | null;
  /** The instance of the sensor process that sent the request. */
  instanceId: string;
  /** holder: it holds the key; open: its first check-in decides; clone: another host holds the key. */
  standing: "holder" | "open" | "clone";
  /** Another instance with the key has reported, and seems to run on another host. */
  hasNewcomers: boolean;
  /** The sensor's key when the request was admitted. A clone has an earlier one. */
  publicKey: string;
  keyChangedAt: number;
  /** The standings in which the route may be called. */
  accepts: readonly SensorStanding[];
  /** The X25519 key that the holder announced; null: none. */
  agreementKey: string | null;
  /** The server's key that the request's MAC was made with; undefined: signed with Ed25519. */
  serverKeyId: string | undefined;
  /** The state of the sensor by which the request was admitted. */
  revision: number;
  /** The route and the digest of the body. */
  report: string;
  /** The server has settled the same report, and the sensor has not changed since. */
  isRepeated: boolean;
}

/** The HTTP request, for the few handlers that need more than its input. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: Headers;
  /** The client's address, after trusted proxies. */
  address: string;
  /** Headers to send with the reply. */
  replyHeaders: Headers;
  /** For a reply that takes long: throws if the caller's session has ended or their role is too low. */
  checkAgain: () => Promise<unknown>;
  /** The body of a route that streams. */
  replyStream?: ReadableStream<Uint8Array>;
  /** The reply of a route whose reply is a file. */
  replyFile?: Response;
}
