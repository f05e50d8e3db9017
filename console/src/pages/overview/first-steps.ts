// The first steps of an installation: which are done, and which is next.
import type { Overview } from "@attacklens/protocol/overview.ts";

export const STEPS = ["assetGroup", "enrollmentToken", "sensor", "report"] as const;
export type StepName = (typeof STEPS)[number];

export interface StepState {
  name: StepName;
  state: "done" | "next" | "later" | "skipped";
}

/** Undefined when the first sensor has reported. A step before one that is done is skipped, not next. */
export function firstSteps(setup: Overview["setup"]): StepState[] | undefined {
  if (setup.report) return undefined;
  const next = STEPS.findLastIndex((name) => setup[name]) + 1;
  return STEPS.map((name, nth) => ({
    name,
    state: setup[name] ? "done" : nth === next ? "next" : nth < next ? "skipped" : "later",
  }));
}
