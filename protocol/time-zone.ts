import { z } from "zod";

/** An IANA time zone that this runtime knows. */
export const timeZone = z
  .string()
  .min(1, "must not be empty")
  .max(60, "must have at most 60 characters")
  .refine(isTimeZone, "must be a time zone such as Europe/Berlin or UTC");

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
