// The result of one step of the preflight check.
import type { ExitName } from "@attacklens/protocol/sensor-exits.ts";

export interface Finding {
  step: string;
  /** `note`: no obstacle to enrollment, but worth knowing; `skipped`: not checked. */
  state: "ok" | "note" | "failed" | "skipped";
  text: string;
  hint?: string | undefined;
  /** Exit code of the command if this step failed. */
  exit?: ExitName;
}

/** Timeout of one connection. */
export const TIMEOUT_MS = 10_000;
