// One-time codes from the time (TOTP, RFC 6238) with the parameters that all authenticator apps support:
// HMAC-SHA-1, 6 digits, and a new code each 30 seconds.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const STEP_MS = 30_000;
const DIGITS = 6;
/** Codes of the previous and the next step are accepted, because clocks differ and users type slowly. */
const WINDOW = 1;

/** 160 bits, as RFC 4226, section 4, recommends. */
export function newSecret(): Uint8Array {
  return randomBytes(20);
}

const stepAt = (ms: number) => Math.floor(ms / STEP_MS);

export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", secret).update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1)! & 15) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
}

/**
 * Returns the step of a valid code, or undefined. A code of `lastStep` or earlier was used, so that someone
 * who saw it cannot use it again.
 */
export function findTotpStep(
  secret: Uint8Array,
  code: string,
  { now, lastStep }: { now: number; lastStep: number },
): number | undefined {
  const digits = Buffer.from(code.replace(/\s/g, ""));
  if (digits.length !== DIGITS) return undefined;
  const newest = stepAt(now) + WINDOW;
  let found: number | undefined;
  for (let step = newest; step >= newest - 2 * WINDOW; step--)
    if (step > lastStep && timingSafeEqual(digits, Buffer.from(totpCode(secret, step)))) found = step;
  return found;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, section 6, without padding. */
export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => BASE32[Number.parseInt(five.padEnd(5, "0"), 2)])
    .join("");
}

/** The content of the QR code, in the format of Google Authenticator. */
export function totpUri(secret: Uint8Array, email: string): string {
  const label = `AttackLens:${email}`;
  const query = new URLSearchParams({ secret: toBase32(secret), issuer: "AttackLens" });
  return `otpauth://totp/${encodeURIComponent(label)}?${query}`;
}
