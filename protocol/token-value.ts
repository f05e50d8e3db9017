// The value of an enrollment token, a re-enrollment ticket, an API key or a one-time link: a prefix for the
// kind, 43 base62 characters of 32 random bytes, and 6 base62 characters of CRC-32. The checksum only detects
// typing errors, before anything is sent.
import { crc32 } from "./crc32.ts";

export const TOKEN_PREFIX = "atl_enr_";
export const API_KEY_PREFIX = "atl_key_";
export const TICKET_PREFIX = "atl_tkt_";
export const LINK_PREFIX = "atl_lnk_";
export type ValuePrefix =
  | typeof TOKEN_PREFIX
  | typeof API_KEY_PREFIX
  | typeof TICKET_PREFIX
  | typeof LINK_PREFIX;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
export const TOKEN_VALUE_LENGTH = TOKEN_PREFIX.length + SECRET_LENGTH + CHECKSUM_LENGTH;

/** Pattern for secret scanners. */
export const TOKEN_VALUE_PATTERN = /atl_enr_[0-9A-Za-z]{49}/g;

/** Formats 32 random bytes from the caller as a value with the prefix. */
export function formatTokenValue(secret: Uint8Array, prefix: ValuePrefix = TOKEN_PREFIX): string {
  if (secret.length !== 32) throw new RangeError(`secret has ${secret.length} bytes, not 32`);
  let number = 0n;
  for (const byte of secret) number = (number << 8n) | BigInt(byte);
  const body = prefix + base62(number, SECRET_LENGTH);
  return body + checksum(body);
}

/** Why a text is not a token value; undefined: it is well formed. Does not check that the token exists. */
export function tokenValueError(text: string, prefix: ValuePrefix = TOKEN_PREFIX): string | undefined {
  if (!text.startsWith(prefix)) return `does not begin with ${prefix}`;
  if (text.length !== TOKEN_VALUE_LENGTH) {
    return `has ${text.length} of ${TOKEN_VALUE_LENGTH} characters: it was ${text.length < TOKEN_VALUE_LENGTH ? "cut short" : "extended"}`;
  }
  if (!/^[0-9A-Za-z]+$/.test(text.slice(prefix.length))) return "contains a character that no token has";
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== text.slice(-CHECKSUM_LENGTH))
    return "has a typing error: its checksum does not match";
  return undefined;
}

/**
 * Replaces every token, ticket, key and link in a text. The last safeguard before a log line or an error is
 * written.
 */
export function redactTokenValues(text: string): string {
  return text.replace(/atl_(enr|key|tkt|lnk)_[0-9A-Za-z]+/g, "atl_$1_[redacted]");
}

function checksum(body: string): string {
  let text = "";
  for (let rest = crc32(body); text.length < CHECKSUM_LENGTH; rest = Math.floor(rest / 62))
    text = ALPHABET[rest % 62] + text;
  return text;
}

function base62(number: bigint, length: number): string {
  let text = "";
  for (let rest = number; text.length < length; rest /= 62n) text = ALPHABET[Number(rest % 62n)] + text;
  return text;
}
