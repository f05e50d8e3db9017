// Reads the reply of the server, which may be another program: limits its size, parses it and classifies it.
import { MAX_CHECK_IN_INTERVAL_SECONDS } from "@attacklens/protocol/enroll.ts";
import { toPlainText } from "@attacklens/protocol/plain-text.ts";
import { type ProblemBody, problemBody } from "@attacklens/protocol/problems.ts";
import type { Route, RouteOutput } from "@attacklens/protocol/route.ts";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";

const MAX_REPLY_BYTES = 4 * 1024 * 1024;

/** The server cannot be reached, has a problem, or asks the sensor to wait. A later retry may succeed. */
export class Unreachable extends Error {
  constructor(
    message: string,
    readonly retryAfterMs = 0,
    /**
     * server-in-trouble: the server reported it; wrong-server: its certificate is not trusted; clock-wrong:
     * not valid yet.
     */
    readonly state:
      | "server-unreachable"
      | "server-in-trouble"
      | "wrong-server"
      | "clock-wrong" = "server-unreachable",
    /** A rate limit of this sensor, and no problem of the server. */
    readonly isLimit = false,
  ) {
    super(message);
  }
}

/** The server refused the request. */
export class Refused extends Error {
  constructor(
    readonly problem: ProblemBody,
    /** Whether the server that this sensor enrolled with signed it; undefined: its key is not known. */
    readonly isAuthentic?: boolean,
  ) {
    super(toPlainText(redactTokenValues(problem.detail ?? problem.title), 500));
  }
}

/** Returns the output of a route. Throws Unreachable or Refused. */
export async function readReply<R extends Route>(
  route: R,
  response: Response,
  isAuthentic: (body: string) => boolean | undefined = () => undefined,
): Promise<RouteOutput<R>> {
  const text = await readText(response);
  if (response.status === route.status) {
    if (!route.output) return undefined as RouteOutput<R>;
    const output = route.output.safeParse(clampInterval(parseJson(text)));
    if (output.success) return output.data as RouteOutput<R>;
    throw new Unreachable(
      `the reply to ${route.method} ${route.path} does not come from an AttackLens server`,
    );
  }
  const problem = problemBody.safeParse(parseJson(text));
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
  // 408: the connection is slow, and the request is still valid.
  if (response.status >= 500 || [408, 429].includes(response.status)) {
    const title = problem.success ? problem.data.title : "no explanation";
    throw new Unreachable(
      `the server returned ${response.status}: ${toPlainText(title, 200)}`,
      retryAfterMs,
      // Another reply, e.g. a proxy's page, says nothing about the server.
      problem.success ? "server-in-trouble" : "server-unreachable",
      problem.success && response.status === 429,
    );
  }
  if (problem.success) throw new Refused(problem.data, isAuthentic(text));
  throw new Unreachable(
    `a program that is not an AttackLens server returned ${response.status}`,
    retryAfterMs,
  );
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > MAX_REPLY_BYTES) throw new Unreachable(`the reply is larger than ${MAX_REPLY_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Seconds (RFC 9110, section 10.2.3), at most an hour, so that no reply can silence a sensor. */
function parseRetryAfter(value: string | null): number {
  return value !== null && /^\d{1,9}$/.test(value) ? Math.min(Number(value), 3_600) * 1000 : 0;
}

/**
 * Limits the interval in a reply to the bounds of the protocol. A value outside them does not make the reply
 * invalid.
 */
function clampInterval(json: unknown): unknown {
  const seconds = (json as { checkInIntervalSeconds?: unknown } | null | undefined)?.checkInIntervalSeconds;
  if (typeof seconds !== "number") return json;
  const clamped = Math.min(Math.max(Math.round(seconds), 1), MAX_CHECK_IN_INTERVAL_SECONDS);
  return { ...(json as object), checkInIntervalSeconds: clamped };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
