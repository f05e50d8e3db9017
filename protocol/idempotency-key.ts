// The Idempotency-Key header of creating requests (draft-ietf-httpapi-idempotency-key-header).

export const IDEMPOTENCY_KEY_HEADER = "idempotency-key";
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** How long the server remembers a key after its first request. */
export const IDEMPOTENCY_KEY_HOURS = 24;

/** A string of RFC 9651, section 3.3.3: printable ASCII, with `"` and `\` escaped. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;
/** Many clients send a UUID or other visible ASCII without quotes. */
const BARE = /^[!#-+\--:<-[\]-~]+$/;

/** Returns the key in the value of a header, the same for both forms; undefined if the value is malformed. */
export function parseIdempotencyKey(text: string): string | undefined {
  const quoted = QUOTED.exec(text)?.[1];
  const key = quoted === undefined ? BARE.exec(text)?.[0] : quoted.replace(/\\(["\\])/g, "$1");
  return key && key.length <= MAX_IDEMPOTENCY_KEY_LENGTH ? key : undefined;
}

/** Returns the header's value for a new random key. All attempts of one request use the same key. */
export function newIdempotencyKey(): string {
  // Pages served over plain HTTP have no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `"${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}"`;
}
