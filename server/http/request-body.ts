// Reads a request's body within limits, and parses JSON that is no deeper than anything we declare.
import { Problem } from "@attacklens/protocol/problems.ts";

export const DEFAULT_MAX_BODY_BYTES = 64 * 1024;
const MAX_DEPTH = 32;

/** Stops reading as soon as the limit is passed, whatever Content-Length says. Throws body-too-large. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  if (!request.body) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of request.body) {
      size += part.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("malformed-request", "The body ended early", { cause: error });
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Throws media-type-unsupported, malformed-request. */
export function parseJsonBody(body: Uint8Array, contentType: string | null): unknown {
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType ?? "")) {
    throw new Problem("media-type-unsupported", "The body must be application/json in UTF-8");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (error) {
    throw new Problem("malformed-request", "The body is not UTF-8", { cause: error });
  }
  if (nestingDepth(text, MAX_DEPTH) > MAX_DEPTH) {
    throw new Problem("malformed-request", `The body is nested deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem("malformed-request", "The body is not JSON", { cause: error });
  }
}

/** How deep brackets nest outside of strings; stops counting just above `limit`. */
function nestingDepth(text: string, limit: number): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      deepest = Math.max(deepest, ++depth);
      if (deepest > limit) return deepest;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("body-too-large", `The body may have ${maxBytes} bytes at most`);
}
