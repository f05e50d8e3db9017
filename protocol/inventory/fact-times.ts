// Times in the inventory: facts of a host, which have no milliseconds.
import { fact } from "../text.ts";

/** A time to the second, in UTC. */
export const factTime = fact(20)
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "must be a time such as 2026-11-24T09:30:00Z")
  .meta({ example: "2026-11-24T09:30:00Z" });

export const factDate = fact(10)
  .regex(/^\d{4}-\d\d-\d\d$/, "must be a date such as 2026-11-24")
  .meta({ example: "2026-11-24" });
