// Text from users and sensors. Control and bidirectional characters are rejected: they forge log lines and
// disguise names.
import { z } from "zod";
import { isPlainText } from "./plain-text.ts";

/** Invisible characters: format characters, variation selectors and fillers. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0]/gu;

/** A label that a user enters: 1 to 100 characters after trimming, at least one of them visible. */
export const label = z
  .string()
  .refine(isPlainText, "must not contain control or bidirectional characters")
  .trim()
  .min(1, "must not be empty")
  .refine((text) => text.replace(INVISIBLE, "") !== "", "must have a character that can be seen")
  .max(100, "must have at most 100 characters");

/** A fact of a host: plain text of at most `maxLength` UTF-16 units, possibly empty. */
export function fact(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine(isPlainText, "must not contain control or bidirectional characters");
}

/** An instant on the wire: ISO 8601 in UTC with milliseconds, e.g. `2026-11-24T09:30:00.000Z`. */
export const instant = z.iso.datetime({ precision: 3 }).meta({ example: "2026-11-24T09:30:00.000Z" });

/** Latest allowed expiry or start: the year 2200. */
const MAX_INSTANT = Date.UTC(2200, 0, 1);

/** An instant from users and scripts: any precision and offset. */
export const instantInput = z.iso
  .datetime({ offset: true, error: "must be a date and time with an offset, e.g. 2026-12-01T18:00:00Z" })
  .refine((text) => !Number.isNaN(Date.parse(text)), "must be a date and time that exists")
  .refine((text) => !(Date.parse(text) >= MAX_INSTANT), "must be before the year 2200");

/** SHA-256 in lower-case hex. */
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hex");
