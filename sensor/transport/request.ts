// Requests to the server, signed with the sensor's key (RFC 9421). Corrects clock and nonce when the server
// sends its own. No library fits: those for RFC 9421 bring their own HTTP and key types, and the sensor needs
// only one fixed profile.
import { createHash, createPublicKey, type KeyObject, randomUUID, sign, verify } from "node:crypto";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { type Route, type RouteOutput, type RouteRequest, routePath } from "@attacklens/protocol/route.ts";
import { isLoopback } from "@attacklens/protocol/server-url.ts";
import {
  formatContentDigest,
  formatResponseParams,
  responseSignatureBase,
} from "@attacklens/protocol/signature.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { type Announcing, endAgreement } from "./agreement.ts";
import { describeChain, lookAtCertificate } from "./certificates.ts";
import { fetchBy, proxyRefusal } from "./proxy.ts";
import { describeProxy } from "./proxy-url.ts";
import { Refused, readReply, Unreachable } from "./server-reply.ts";
import { type Signer, signedHeaders } from "./sign-request.ts";

const TIMEOUT_MS = 30_000;

/** The versions in every body. */
export const VERSIONS = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE } as const;

/** A server, the key that signs requests to it, and the corrections learned from it. */
export interface Connection extends Signer {
  key: KeyObject;
  server: string;
  /** Verifies the server's signed refusals; undefined: not known yet, e.g. during enrollment. */
  serverKey: string | undefined;
  announcing: Announcing;
  /** Trusted roots, PEM; undefined: the system's. */
  ca: string[] | undefined;
  /** With its credentials. */
  proxy: string | undefined;
}

export function connect(
  server: string,
  key: KeyObject,
  keyid: string,
  known: Partial<Pick<Connection, "serverKey" | "ca" | "proxy" | "now">> = {},
): Connection {
  const { serverKey, ca, now = Date.now } = known;
  const instanceId = randomUUID();
  // Plain HTTP is allowed to this host only, so it must not leave the host through a proxy.
  const proxy = isLoopback(new URL(server).hostname) ? undefined : known.proxy;
  const signer = { key, keyid, clockOffsetMs: 0, lastNonce: 0, instanceId, mac: undefined, now };
  return { ...signer, server, serverKey, announcing: {}, ca, proxy };
}

/** `token` is for enrollment only. `onHeaders` receives the headers of the expected reply. */
type SendRequest<R extends Route> = Partial<RouteRequest<R>> & {
  token?: string;
  signal?: AbortSignal | undefined;
  onHeaders?: (headers: Headers) => void;
};

/** Sends a route's input, with Ed25519 if the server refuses a MAC. Throws Unreachable or Refused. */
export async function send<R extends Route>(
  connection: Connection,
  route: R,
  request: SendRequest<R>,
): Promise<RouteOutput<R>> {
  for (let corrections = 0; ; ) {
    try {
      return await sendOnce(connection, route, request);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (isMacRefused(connection, route, error)) endAgreement(connection, true);
      else if (++corrections > 2 || !correct(connection, error)) throw error;
    }
  }
}

function isMacRefused(
  { mac }: Connection,
  { acceptsMac }: Route,
  { problem, isAuthentic }: Refused,
): boolean {
  const isMac = mac !== undefined && acceptsMac === true;
  return isMac && isAuthentic !== false && problem.code === "signature-invalid";
}

/** How far a nonce may be ahead of the server's clock. */
const MAX_NONCE_AHEAD_MS = 86_400_000;

/**
 * Corrects clock or nonce from a refusal. Returns false if the refusal has neither, or another server signed
 * it.
 */
function correct(connection: Connection, { problem, isAuthentic }: Refused): boolean {
  if (isAuthentic === false) return false;
  if (problem.code === "clock-skewed" && problem.serverTime) {
    connection.clockOffsetMs = Date.parse(problem.serverTime) - connection.now();
    // A clock far in the future made this nonce, and the server did not accept it. No later nonce would be
    // accepted either.
    const latest = (Date.parse(problem.serverTime) + MAX_NONCE_AHEAD_MS) * 1000;
    if (connection.lastNonce > latest) connection.lastNonce = 0;
    return true;
  }
  if (problem.code === "signature-replayed" && problem.lastNonce !== undefined) {
    connection.lastNonce = Math.max(connection.lastNonce, problem.lastNonce);
    return true;
  }
  return false;
}

async function sendOnce<R extends Route>(
  connection: Connection,
  route: R,
  request: SendRequest<R>,
): Promise<RouteOutput<R>> {
  const path = routePath(route, request.params as Record<string, string> | undefined);
  const body = JSON.stringify(request.body ?? {});
  const { acceptsMac } = route as Route;
  const signed = { method: route.method, path, body, token: request.token, acceptsMac };
  const headers = await signedHeaders(connection, signed, (text) => sign(null, text, connection.key));
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetchBy(connection, connection.server + path, {
      method: route.method,
      headers,
      body,
      signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
    });
    const output = await readReply(route, response, (text) =>
      isSignedResponse(connection, headers.signature, response, text),
    );
    request.onHeaders?.(response.headers);
    return output;
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) throw error;
    if (timeout.aborted) throw new Unreachable(`no reply within ${TIMEOUT_MS / 1000} s`);
    throw await failureOf(connection, error);
  }
}

/** Whether the sensor's own server signed the response to this request; undefined: its key is not known. */
function isSignedResponse(
  { serverKey }: Connection,
  requestSignature: string,
  { status, headers }: Response,
  body: string,
): boolean | undefined {
  if (serverKey === undefined) return undefined;
  const params = /^sig1=(.{1,500})$/.exec(headers.get("signature-input") ?? "")?.[1];
  const signature = /^sig1=:([A-Za-z0-9+/]{86}==):$/.exec(headers.get("signature") ?? "")?.[1];
  const created = /^\("@status" "content-digest" "signature";req\);created=(\d{1,12});/.exec(
    params ?? "",
  )?.[1];
  if (params !== formatResponseParams(Number(created), serverKey) || signature === undefined) return false;
  const contentDigest = formatContentDigest(createHash("sha256").update(body).digest("base64"));
  const base = responseSignatureBase({ status, contentDigest, requestSignature }, params);
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: serverKey }, format: "jwk" });
  return verify(null, Buffer.from(base), key, Buffer.from(signature, "base64"));
}

/** Why a request or a handshake failed. Describes a rejected certificate. */
export async function failureOf(
  { server, proxy }: { server: string; proxy?: string | undefined },
  error: unknown,
): Promise<Unreachable> {
  if (error instanceof Unreachable && proxy === undefined) return error;
  const reason = error instanceof Unreachable ? error.message : networkReason(error);
  const code = errnoCode(error) ?? "";
  const by = proxy === undefined ? "" : `through ${describeProxy(proxy)}: `;
  if (!/CERT|ISSUER|LEAF_SIGNATURE|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/.test(code))
    return new Unreachable(by + reason);
  const seen = await lookAtCertificate(server, proxy).catch(() => undefined);
  const text = `${by}${reason}${seen ? `; it presents ${describeChain(seen.chain)}` : ""}`;
  // Either the certificate has expired, or this host's clock is ahead.
  if (code === "CERT_HAS_EXPIRED") return new Unreachable(text);
  return new Unreachable(text, 0, code === "CERT_NOT_YET_VALID" ? "clock-wrong" : "wrong-server");
}

/** Why a connection failed, as text. */
export function networkReason(error: unknown): string {
  const code = errnoCode(error);
  const { name, message } = error as Partial<Error>;
  if (name === "AbortError") return "stopped before the server replied";
  const tunnel = code === "ERR_PROXY_TUNNEL" && /\b([1-5]\d\d)\b/.exec(message ?? "")?.[1];
  if (tunnel) return proxyRefusal(Number(tunnel));
  if (code === "EPROTO" || code?.startsWith("ERR_SSL")) return "this port does not support TLS 1.2 or newer";
  const known: Record<string, string> = {
    ConnectionRefused: "connection refused",
    ECONNREFUSED: "connection refused",
    ENOTFOUND: "its name does not exist",
    EAI_AGAIN: "its name could not be resolved",
    FailedToOpenSocket: "host unreachable",
    EHOSTUNREACH: "host unreachable",
    ENETUNREACH: "host unreachable",
    Malformed_HTTP_Response: "the reply is not HTTP",
    InvalidHTTPResponse: "the reply is not HTTP",
    ZlibError: "the reply is damaged",
    ConnectionClosed: "the server closed the connection",
    ECONNRESET: "the server closed the connection",
    DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted by this host",
    SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted by this host",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted by this host",
    UNABLE_TO_GET_ISSUER_CERT: "its certificate is not trusted by this host",
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not trusted by this host",
    ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
    CERT_HAS_EXPIRED: `its certificate has expired, according to this host's clock (${new Date().toISOString()})`,
    CERT_NOT_YET_VALID: `its certificate is not valid yet, according to this host's clock (${new Date().toISOString()})`,
  };
  return known[code ?? ""] ?? message?.split(". For more information")[0] ?? "the connection failed";
}
