// Recovery codes: each replaces a second factor once, for a user whose phone is lost.
import { createHash, randomBytes } from "node:crypto";

const CODES = 10;
/** Crockford's base 32, without letters that look like digits. 16 of them are 80 bits. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH = 16;

export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () =>
    [...randomBytes(LENGTH)]
      .map((byte) => ALPHABET[byte & 31])
      .join("")
      .replace(/(.{4})(?=.)/g, "$1-"),
  );
}

/** A fast hash suffices for 80 random bits. */
export function hashRecoveryCode(code: string): string {
  const typed = code.toLowerCase().replace(/[^a-z0-9]/g, "");
  return createHash("sha256").update(typed).digest("hex");
}
