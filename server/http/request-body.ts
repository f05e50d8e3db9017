// A request's body. The announced headers are checked first, then its bytes are read within limits and parsed
// as JSON.
import { MAX_CHUNK_BYTES } from "@attacklens/protocol/inventory/limits.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { BodyLimits } from "@attacklens/protocol/route.ts";
import { BadJson, parseJson } from "./parse-json.ts";
import { parseUsualJson } from "./parse-usual-json.ts";

/**
 * The connection of a refused request stays open if no more than this of its body is unread: the largest
 * upload of our sensor, one chunk with its frame. If the server closed it while the client sends, the client
 * could lose the reply.
 */
const MAX_SKIPPED_BYTES = MAX_CHUNK_BYTES + 64 * 1024;

/**
 * Returns the bytes that a body counts as: its Content-Length, or the route's maximum without a valid one.
 * Throws media-type-unsupported, body-too-large.
 */
export function announcedBytes(headers: Headers, limits: BodyLimits): number {
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(headers.get("content-type") ?? ""))
    throw new Problem("media-type-unsupported", "The body must be application/json in UTF-8");
  const length = contentLength(headers) ?? limits.bytes;
  if (length > limits.bytes) throw tooLarge(limits.bytes);
  return length;
}

/** The server decodes no bodies, so it must refuse a content coding. */
export function refuseEncoded(headers: Headers): void {
  const coding = headers.get("content-encoding");
  if (coding === null || /^\s*identity\s*$/i.test(coding)) return;
  throw new Problem(
    "media-type-unsupported",
    "The body must be sent as it is: remove Content-Encoding, and do not compress it",
    { extras: { acceptEncoding: "identity" } },
  );
}

/** Returns whether to close the connection after the reply instead of reading the rest of the body. */
export function leavesTooMuch(headers: Headers): boolean {
  if (headers.has("transfer-encoding")) return true;
  return headers.has("content-length") && !((contentLength(headers) ?? Infinity) <= MAX_SKIPPED_BYTES);
}

/** A body with at most this Content-Length is read with one call, which is faster than its parts. */
const MAX_AT_ONCE = 64 * 1024;

interface ReadLimits {
  maxBytes: number;
  deadlineMs: number;
}

/**
 * Reads a body to its end. Stops at the size limit, for any Content-Length, and at the deadline. Throws
 * body-too-large, request-timeout, malformed-request.
 */
export function readBody(request: Request, limits: ReadLimits): Uint8Array | Promise<Uint8Array> {
  const length = contentLength(request.headers) ?? Infinity;
  return length <= MAX_AT_ONCE ? readAtOnce(request, limits) : readParts(request, limits);
}

/** Nearly every body has arrived by now, and needs neither a timer nor a promise. */
function readAtOnce(request: Request, limits: ReadLimits): Uint8Array | Promise<Uint8Array> {
  const arriving = request.bytes();
  const body = Bun.peek(arriving);
  return body instanceof Uint8Array ? requireWithin(body, limits) : readArriving(arriving, limits);
}

async function readArriving(arriving: Promise<Uint8Array>, limits: ReadLimits): Promise<Uint8Array> {
  try {
    return requireWithin(await beforeDeadline(arriving, limits.deadlineMs), limits);
  } catch (error) {
    throw error instanceof Problem ? error : endedEarly(error);
  }
}

function requireWithin(body: Uint8Array, { maxBytes }: ReadLimits): Uint8Array {
  if (body.byteLength > maxBytes) throw tooLarge(maxBytes);
  return body;
}

/** A body that is late arrives in vain: the connection closes after the reply. */
async function beforeDeadline(arriving: Promise<Uint8Array>, deadlineMs: number): Promise<Uint8Array> {
  const late = Promise.withResolvers<never>();
  const deadline = setTimeout(() => late.reject(tooLate(deadlineMs)), deadlineMs);
  try {
    return await Promise.race([arriving, late.promise]);
  } finally {
    clearTimeout(deadline);
  }
}

async function readParts(request: Request, { maxBytes, deadlineMs }: ReadLimits): Promise<Uint8Array> {
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    void reader.cancel().catch(() => {});
  }, deadlineMs);
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) throw tooLate(deadlineMs);
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      parts.push(value);
    }
  } catch (error) {
    void reader.cancel().catch(() => {});
    if (error instanceof Problem) throw error;
    throw isLate ? tooLate(deadlineMs) : endedEarly(error);
  } finally {
    clearTimeout(deadline);
  }
  const [first, ...more] = parts;
  return first && more.length === 0 ? first : Buffer.concat(parts);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `isKnown`: the same bytes were parsed before. Throws malformed-request. */
export function parseJsonBody(body: Uint8Array, limits: BodyLimits, isKnown: boolean): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (error) {
    throw new Problem("malformed-request", "The body is not UTF-8", { cause: error });
  }
  if (isKnown) return JSON.parse(text);
  return parseUsualJson(text, limits) ?? parseUntrustedJson(text, limits);
}

async function parseUntrustedJson(text: string, limits: BodyLimits): Promise<unknown> {
  try {
    return await parseJson(text, limits);
  } catch (error) {
    if (!(error instanceof BadJson)) throw error;
    throw new Problem("malformed-request", `The body ${error.message}`, { cause: error });
  }
}

/** Returns undefined if the header is absent or repeated. */
function contentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("body-too-large", `The body may have ${maxBytes} bytes at most`, {
    extras: { maxBytes },
  });
}

function endedEarly(cause: unknown): Problem {
  return new Problem("malformed-request", "The body ended early", { cause });
}

function tooLate(deadlineMs: number): Problem {
  return new Problem(
    "request-timeout",
    `The body did not arrive within ${deadlineMs / 1000} seconds; nothing was changed. Send it again`,
  );
}
