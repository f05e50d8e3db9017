// What a step of the preflight check has found.
import type { ExitName } from "../../sensor-error.ts";

export interface Finding {
  step: string;
  /** `note`: it could enroll, and a person may want to know; `skipped`: could not be looked at, or there is nothing to look at. */
  state: "ok" | "note" | "failed" | "skipped";
  text: string;
  hint?: string | undefined;
  /** How the command ends where this failed. */
  exit?: ExitName;
}

/** For one connection of a step. */
export const TIMEOUT_MS = 10_000;
