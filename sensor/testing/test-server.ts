// A real HTTP server for tests. It verifies each signature according to RFC 9421 without the sensor's code,
// and replies like an AttackLens server unless the test sets another reply.
import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
import { PROBLEMS, type ProblemBody, type ProblemCode, problemType } from "@attacklens/protocol/problems.ts";

import type { TestAgreement } from "./test-agreement.ts";

export const SENSOR_ID = "sen_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f";

/** The sensor that a clone becomes. */
export const CLONE_ID = "sen_0198c5f0-7c1e-7a3b-9a51-000000000001";

/** A received request, with the parameters of its signature. */
export interface Received {
  method: string;
  path: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test checks the body itself
  body: any;
  sizeBytes: number;
  token: string | undefined;
  instanceId: string | undefined;
  signature: string;
  keyid: string;
  /** The request has a MAC instead of a signature. */
  isMac: boolean;
  nonce: number;
  created: number;
  /** Why the signature is invalid; undefined: it is valid. */
  signatureError: string | undefined;
}

export type Answer = (response: ServerResponse, request: Received) => void;

export async function startTestServer({
  port = 0,
  publicKey = "",
  tls,
}: {
  port?: number;
  publicKey?: string;
  /** PEM; plain HTTP when absent. */
  tls?: { cert: string; key: string } | undefined;
} = {}) {
  const received: Received[] = [];
  /** Replies that replace those of an AttackLens server, one for each request. */
  const next: Answer[] = [];
  const world = {
    publicKey,
    /** Merged into the reply to a check-in. */
    checkInReply: {},
    /** Accepts MACs; undefined: the server ignores announced keys. */
    agreement: undefined as TestAgreement | undefined,
    /** The server's clock, minus this host's. */
    aheadMs: 0,
    /** Merged into the reply to a token check. */
    tokenCheck: {},
    /** Announced by the sensor. The first request that is signed with it makes it the sensor's key. */
    nextKey: undefined as string | undefined,
    wanted: undefined as string[] | undefined,
    chunks: new Set<string>(),
    lastNonces: new Map<string, number>(),
    /** Instances that have checked in. Others may only check in. */
    boots: new Set<string | undefined>(),
    /** Receives each request before the reply of an AttackLens server to it. */
    notice: (_request: Received) => {},
  };

  const receive = async (incoming: IncomingMessage, response: ServerResponse) => {
    if (incoming.url === "/healthz") {
      const date = new Date(Date.now() + world.aheadMs).toUTCString();
      return json(200, { status: "ok" }, { date })(response, {} as Received);
    }
    const parts: Uint8Array[] = [];
    for await (const part of incoming) parts.push(part);
    const text = Buffer.concat(parts).toString();
    let request = readRequest(incoming, text, world.publicKey, world.agreement);
    if (request.signatureError && !request.isMac && world.nextKey !== undefined) {
      const byNext = readRequest(incoming, text, world.nextKey, undefined);
      if (!byNext.signatureError) {
        request = byNext;
        world.publicKey = world.nextKey;
        world.nextKey = undefined;
      }
    }
    received.push(request);
    if (request.path === "/sensor/v1/check-in" && !request.signatureError)
      world.boots.add(request.instanceId);
    if (/^\/sensor\/v1\/(re-)?enroll$/.test(request.path)) world.publicKey = request.keyid;
    (next.shift() ?? answer)(response, request);
  };
  const server = tls ? createTlsServer(tls, receive) : createServer(receive);

  const answer: Answer = (response, request) => {
    if (request.signatureError) {
      const key = world.agreement?.signingKey;
      return (key ? signedProblem(key, "signature-invalid") : problem("signature-invalid"))(
        response,
        request,
      );
    }
    const lastNonce = world.lastNonces.get(request.keyid) ?? 0;
    if (request.nonce <= lastNonce) return problem("signature-replayed", { lastNonce })(response, request);
    world.lastNonces.set(request.keyid, request.nonce);
    world.notice(request);
    const category = /^\/sensor\/v1\/inventory\/(\w+)/.exec(request.path)?.[1];
    if (/^\/sensor\/v1\/(re-)?enroll$/.test(request.path))
      return json(201, enrolledReply())(response, request);
    if (request.path === "/sensor/v1/keys" && !world.boots.has(request.instanceId))
      return problem("state-conflict")(response, request);
    if (request.path === "/sensor/v1/check-in") {
      const wanted = world.wanted ?? Object.keys(request.body.inventory ?? {});
      const { agreementKey } = request.body;
      if (agreementKey) world.agreement?.announce(request.instanceId, agreementKey);
      const agreement = agreementKey && world.agreement?.reply();
      const listed = wanted.flatMap((name): [string, string[]][] => {
        const hashes: string[] | undefined = request.body.inventory?.[name]?.chunks;
        return hashes ? [[name, hashes.filter((hash) => !world.chunks.has(hash))]] : [];
      });
      const missing = listed.length === 0 ? undefined : Object.fromEntries(listed);
      const own = { serverTime: now(), checkInIntervalSeconds: 60, wanted, missing, agreement };
      const reply = { ...own, ...world.checkInReply };
      return json(200, reply)(response, request);
    }
    if (request.path === "/sensor/v1/check") {
      const told = { serverTime: now(), address: "127.0.0.1", assetGroup: null, awaitingApproval: false };
      return json(200, { ...told, refusal: null, ...world.tokenCheck })(response, request);
    }
    if (request.path === "/sensor/v1/unenroll") return response.writeHead(204).end();
    if (request.path === "/sensor/v1/confirm") return response.writeHead(204).end();
    if (request.path === "/sensor/v1/keys") {
      world.nextKey = request.body.publicKey;
      return response.writeHead(204).end();
    }
    if (request.path === "/sensor/v1/clones") {
      world.publicKey = request.body.publicKey;
      return json(201, { ...enrolledReply(), sensorId: CLONE_ID })(response, request);
    }
    const isInventory = request.path === "/sensor/v1/inventory";
    if (isInventory || (category && request.path.endsWith("/chunks"))) {
      for (const [hash, content] of Object.entries(request.body.chunks ?? {})) {
        if (sha256(canonicalJson(content as Json)).toString("hex") !== hash)
          return problem("input-invalid")(response, request);
        world.chunks.add(hash);
      }
      if (!isInventory) return response.writeHead(204).end();
    }
    const missingOf = (hashes: string[]) => hashes.filter((hash) => !world.chunks.has(hash));
    if (!isInventory) return json(200, { missing: missingOf(request.body.chunks) })(response, request);
    const missing = Object.entries(request.body.categories as Record<string, { chunks: string[] }>)
      .map(([name, { chunks }]) => [name, missingOf(chunks)] as const)
      .filter(([, hashes]) => hashes.length > 0);
    json(200, { missing: Object.fromEntries(missing) })(response, request);
  };

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http${tls ? "s" : ""}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    port: (server.address() as AddressInfo).port,
    received,
    next,
    world,
    /** The reply of an AttackLens server. */
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Returns an address without a listener: that of a server that has just stopped. */
export async function addressOfNoServer(): Promise<string> {
  await using server = await startTestServer();
  return server.url;
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (response) =>
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(typeof body === "string" ? body : JSON.stringify(body));
}

export function problem(
  code: ProblemCode,
  extra: Partial<ProblemBody> = {},
  headers: Record<string, string> = {},
): Answer {
  const { status, title } = PROBLEMS[code];
  const body = { type: problemType(code), code, title, status, requestId: "req-1", ...extra };
  return json(status, body, { "content-type": "application/problem+json", ...headers });
}

/** A refusal that the server signs, as an AttackLens server does (RFC 9421, section 2.4). */
export function signedProblem(key: KeyObject, code: ProblemCode, extra: Partial<ProblemBody> = {}): Answer {
  return (response, request) => {
    const { status, title } = PROBLEMS[code];
    const text = JSON.stringify({
      type: problemType(code),
      code,
      title,
      status,
      requestId: "req-1",
      ...extra,
    });
    const digest = `sha-256=:${sha256(text).toString("base64")}:`;
    const keyid = createPublicKey(key).export({ format: "jwk" }).x;
    const params = `("@status" "content-digest" "signature";req);created=${Math.floor(Date.now() / 1000)};keyid="${keyid}";alg="ed25519"`;
    const base = [
      `"@status": ${status}`,
      `"content-digest": ${digest}`,
      `"signature";req: ${request.signature}`,
      `"@signature-params": ${params}`,
    ].join("\n");
    json(status, text, {
      "content-type": "application/problem+json",
      "content-digest": digest,
      "signature-input": `sig1=${params}`,
      signature: `sig1=:${sign(null, Buffer.from(base), key).toString("base64")}:`,
    })(response, request);
  };
}

/** The request was received and acted on, but the reply never arrives. */
export const dropReply: Answer = (response) => {
  response.socket?.destroy();
};

export function enrolledReply() {
  return { sensorId: SENSOR_ID, assetGroup: null, checkInIntervalSeconds: 60, serverTime: now() };
}

const now = () => new Date().toISOString();
const sha256 = (text: string) => createHash("sha256").update(text).digest();

function readRequest(
  { method = "", url = "", headers }: IncomingMessage,
  text: string,
  knownKey: string,
  agreement: TestAgreement | undefined,
) {
  const header = (name: string) => String(headers[name] ?? "");
  const input =
    /^sig1=(\(([^)]*)\);created=(\d+);nonce="([1-9]\d*)";keyid="([\w-]+)(?:\.([\w-]{16}))?";alg="(ed25519|hmac-sha256)")$/.exec(
      header("signature-input"),
    ) ?? [];
  const [, params = "", components = "", created, nonce, keyid = "", serverKeyId = "", alg] = input;
  const isEnrolling = /^\/sensor\/v1\/(re-enroll|enroll|check)$/.test(url);
  const instanceId = isEnrolling ? undefined : header("sensor-instance");
  const values: Record<string, string> = {
    '"@method"': method,
    '"@path"': url,
    '"content-digest"': `sha-256=:${sha256(text).toString("base64")}:`,
    ...(instanceId === undefined ? {} : { '"sensor-instance"': instanceId }),
    ...(isEnrolling ? { '"authorization"': header("authorization") } : {}),
  };
  const base = Object.entries({ ...values, '"@signature-params"': params })
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
  const signature = Buffer.from(/^sig1=:(.+):$/.exec(header("signature"))?.[1] ?? "", "base64");
  const x = isEnrolling ? keyid : knownKey;

  function signatureError(): string | undefined {
    if (components !== Object.keys(values).join(" ")) return `covers ${components}`;
    if (header("content-digest") !== values['"content-digest"']) return "the digest is of another body";
    if (header("content-type") !== "application/json") return "the body is not declared as JSON";
    if (alg === "hmac-sha256") {
      const mac = agreement?.mac({ base, sensorId: keyid, serverKeyId, instanceId });
      return mac?.equals(signature) ? undefined : "the MAC does not match";
    }
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, Buffer.from(base), key, signature) ? undefined : "does not match";
  }

  return {
    method,
    path: url,
    body: JSON.parse(text),
    sizeBytes: Buffer.byteLength(text),
    instanceId,
    signature: header("signature"),
    token: /^Bearer (.+)$/.exec(header("authorization"))?.[1],
    keyid,
    isMac: alg === "hmac-sha256",
    nonce: Number(nonce),
    created: Number(created),
    signatureError: signatureError(),
  };
}
