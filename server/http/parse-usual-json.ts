// Parses the JSON that our programs send: short, and written by JSON.stringify. Any other text is left to the
// parser of untrusted JSON, which gives the same value at ten times the cost.
import type { BodyLimits } from "@attacklens/protocol/route.ts";

const MAX_LENGTH = 8 * 1024;
const MAX_DEPTH = 8;
/** Members of all objects together, below each of the limits of names and members. */
const MAX_MEMBERS = 256;

/**
 * Returns undefined for any text of another kind, valid or not. If JSON.stringify gives back the text, no
 * member was lost, so the value has everything that the limits count.
 */
export function parseUsualJson(text: string, limits: Pick<BodyLimits, "values" | "items">): unknown {
  if (text.length > MAX_LENGTH) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isWithin(value, limits) && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWithin(value: unknown, limits: Pick<BodyLimits, "values" | "items">): boolean {
  let values = 0;
  let members = 0;
  function count(one: unknown, depth: number): boolean {
    if (++values > limits.values) return false;
    if (typeof one !== "object" || one === null) return true;
    if (depth === MAX_DEPTH) return false;
    if (Array.isArray(one)) return one.length <= limits.items && one.every((item) => count(item, depth + 1));
    for (const name in one) {
      if (++members > MAX_MEMBERS || !count((one as Record<string, unknown>)[name], depth + 1)) return false;
    }
    return true;
  }
  return count(value, 0);
}
