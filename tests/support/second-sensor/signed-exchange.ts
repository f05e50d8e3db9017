// One signed request of the second sensor and its reply. Corrects nonce and clock, and ignores refusals that
// the server did not sign. Does not wait after a failure: the caller does.
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Json } from "./inventory-chunks.ts";
import { type Answer, isServersResponse, privateKeyOf, signedHeaders } from "./signed-requests.ts";

const TIMEOUT_MS = 30_000;
const MAX_CORRECTIONS = 2;

export interface Connection {
  address: URL;
  instance: string;
  now: () => number;
  /** The server's clock minus this host's. */
  clockOffsetMs: number;
  lastNonce: number;
}

export interface Problem {
  code: string;
  detail?: string;
  fields?: Record<string, string>;
  reference?: string;
  serverTime?: string;
  lastNonce?: number;
}

export type Result =
  | { kind: "answer"; status: number; body: Record<string, Json> }
  | { kind: "refusal"; status: number; problem: Problem; retryAfterSeconds?: number | undefined }
  | { kind: "none"; why: string; retryAfterSeconds?: number | undefined };

export interface Asked {
  method: "POST" | "PUT";
  path: string;
  body: string;
  authorization?: string;
  /** Absent: unsigned. */
  signer?: { seed: string; keyid: string } | { macKey: Buffer; keyid: string };
  /** The key of the server, whose signed refusals count; absent: not enrolled yet. */
  serverKey?: string | undefined;
}

export function openConnection(address: string, instance: string, now: () => number): Connection {
  const url = new URL(address);
  const isLoopback = ["localhost", "[::1]"].includes(url.hostname) || /^127(\.\d+){3}$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    throw new Error(
      `Cannot use ${address}: the server is reached by HTTPS, which alone keeps the token secret`,
    );
  }
  return { address: url, instance, now, clockOffsetMs: 0, lastNonce: 0 };
}

export async function ask(connection: Connection, asked: Asked): Promise<Result> {
  for (let corrections = 0; ; corrections++) {
    const nonceBefore = connection.lastNonce;
    const result = await askOnce(connection, asked);
    if (result.kind !== "refusal" || corrections === MAX_CORRECTIONS) {
      return result;
    }
    const { code, lastNonce, serverTime } = result.problem;
    if (code === "signature-replayed" && lastNonce !== undefined) {
      connection.lastNonce = Math.max(connection.lastNonce, lastNonce);
    } else if (code === "clock-skewed" && serverTime !== undefined) {
      connection.clockOffsetMs = Date.parse(serverTime) - connection.now();
      connection.lastNonce = nonceBefore;
    } else {
      return result;
    }
  }
}

async function askOnce(connection: Connection, asked: Asked): Promise<Result> {
  const headers = headersOf(connection, asked);
  let answer: Answer;
  try {
    answer = await send(connection.address, asked, headers);
  } catch (cause) {
    return { kind: "none", why: `no answer: ${String(cause)}` };
  }
  const content = parseObject(answer.body);
  if (answer.status >= 200 && answer.status < 300) {
    return content === undefined
      ? notTheServers(answer)
      : { kind: "answer", status: answer.status, body: content };
  }
  const isProblem = answer.headers["content-type"]?.split(";")[0] === "application/problem+json";
  if (!isProblem || typeof content?.code !== "string") {
    return notTheServers(answer);
  }
  if (
    asked.serverKey !== undefined &&
    headers.signature !== undefined &&
    !isServersResponse(answer, asked.serverKey, headers.signature)
  ) {
    return notTheServers(answer);
  }
  const problem = content as unknown as Problem;
  return { kind: "refusal", status: answer.status, problem, retryAfterSeconds: retryAfterOf(answer) };
}

const notTheServers = (answer: Answer): Result => ({
  kind: "none",
  why: `another server answers, with ${answer.status}`,
  retryAfterSeconds: answer.status === 429 || answer.status >= 500 ? retryAfterOf(answer) : undefined,
});

function retryAfterOf({ headers }: Answer): number | undefined {
  const text = headers["retry-after"] ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function headersOf(
  connection: Connection,
  { authorization, signer, ...asked }: Asked,
): Record<string, string> {
  const named: Record<string, string> = authorization === undefined ? {} : { authorization };
  if (signer === undefined) {
    return named;
  }
  const nowMs = connection.now() + connection.clockOffsetMs;
  connection.lastNonce = Math.max(nowMs * 1000, connection.lastNonce + 1);
  return signedHeaders({
    ...asked,
    key: "macKey" in signer ? signer.macKey : privateKeyOf(Buffer.from(signer.seed, "base64url")),
    keyid: signer.keyid,
    created: Math.floor(nowMs / 1000),
    nonce: connection.lastNonce,
    covered: authorization === undefined ? { "sensor-instance": connection.instance } : named,
  });
}

function send(address: URL, { method, path, body }: Asked, headers: Record<string, string>): Promise<Answer> {
  const request = address.protocol === "https:" ? httpsRequest : httpRequest;
  const content = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const options = {
      method,
      agent: false,
      headers: { ...headers, "content-type": "application/json", "content-length": content.length },
    };
    const sent = request(new URL(path, address), options, (reply) => {
      const parts: Buffer[] = [];
      reply.on("data", (part: Buffer) => parts.push(part));
      reply.on("error", reject);
      reply.on("end", () =>
        resolve({
          status: reply.statusCode ?? 0,
          headers: reply.headers as Answer["headers"],
          body: Buffer.concat(parts),
        }),
      );
    });
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`nothing came within ${TIMEOUT_MS} ms`)));
    sent.on("error", reject);
    sent.end(content);
  });
}

/** An empty body, as with 204, counts as an empty object. */
function parseObject(body: Buffer): Record<string, Json> | undefined {
  try {
    const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, Json>)
      : undefined;
  } catch {
    return undefined;
  }
}
