// Parses the JSON that our programs send: not long, and written by JSON.stringify. Any other text is left to
// the parser of untrusted JSON, which gives the same value at several times the cost.
import type { BodyLimits } from "@attacklens/protocol/route.ts";
import { MAX_MEMBERS, MAX_NAMES } from "./parse-json.ts";

/** A first inventory of a known image, or an upgrade of some packages. */
const MAX_LENGTH = 128 * 1024;
/**
 * JSON.parse takes a few milliseconds for as many new names, as many arrays and objects, and for those that
 * fit in a shorter text.
 */
const MOST = 5_000;
const SHORT_LENGTH = 32 * 1024;
const [COLON, BRACKET, BRACE] = [0x3a, 0x5b, 0x7b];
const MAX_DEPTH = 8;

/**
 * Returns undefined for any text of another kind, valid or not. If JSON.stringify gives back the text, no
 * member was lost, so the value has everything that the limits count.
 */
export function parseUsualJson(text: string, limits: Pick<BodyLimits, "values" | "items">): unknown {
  if (text.length > MAX_LENGTH || hasManyParts(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isWithin(value, limits) && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasManyParts(text: string): boolean {
  if (text.length <= SHORT_LENGTH) return false;
  let [names, nested] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === COLON) names++;
    else if (unit === BRACKET || unit === BRACE) nested++;
  }
  return names > MOST || nested > MOST;
}

function isWithin(value: unknown, limits: Pick<BodyLimits, "values" | "items">): boolean {
  let values = 0;
  const names = new Set<string>();
  function count(one: unknown, depth: number): boolean {
    if (++values > limits.values) return false;
    if (typeof one !== "object" || one === null) return true;
    if (depth === MAX_DEPTH) return false;
    if (Array.isArray(one)) return one.length <= limits.items && one.every((item) => count(item, depth + 1));
    let members = 0;
    for (const name in one) {
      names.add(name);
      if (++members > MAX_MEMBERS || !count((one as Record<string, unknown>)[name], depth + 1)) return false;
    }
    return names.size <= MAX_NAMES;
  }
  return count(value, 0);
}
