// The next step for each state of the sensor, for run --once, status and install.
import { IMAGE_NEXT_STEP, type ServiceReport } from "../service/service-report.ts";
import type { SensorState } from "../state/status-file.ts";
import type { ImageState } from "./image-state.ts";

const LATER = "the report is spooled and will be delivered when the server accepts it";
const ENROLL_AGAIN =
  "the key was kept; to enroll this host as a new sensor, run attacklens-sensor enroll with a token and --replace";

const FIRST_BOOT = "wait: the sensor of this clone enrolls as soon as it reaches the server";

const NEXT_STEPS: Partial<Record<SensorState, string>> = {
  "server-unreachable": LATER,
  "server-in-trouble": LATER,
  "unknown-to-server": ENROLL_AGAIN,
  cloned: ENROLL_AGAIN,
  "key-replaced": ENROLL_AGAIN,
  "awaiting-approval": "approve the sensor in the console under Sensors",
  blocked: "unblock the sensor in the console under Sensors",
  "clock-wrong": "correct this host's clock",
};

/** Undefined: there is nothing to do. */
export function nextStep(state: SensorState, server: string): string | undefined {
  if (state === "wrong-server") return `check which server runs at ${server}; the key was kept`;
  return NEXT_STEPS[state];
}

/** The states that `status` adds to those of a cycle. */
export type ShownState =
  | SensorState
  | "not-enrolled"
  | "enrolling"
  | "never-run"
  | "not-running"
  | ImageState["state"];

/**
 * For `status`. `service`: the installed service; undefined: the sensor runs without one. `hint`: that of the
 * last attempt to enroll on the first boot.
 */
export function nextStepOf(
  state: ShownState,
  server: string | undefined,
  service: ServiceReport | undefined,
  hint?: string,
): string | undefined {
  switch (state) {
    case "not-enrolled":
      return "run attacklens-sensor install, or attacklens-sensor enroll, with a token";
    case "enrolling":
      return "run the same enroll or install command again";
    case "image-template":
      return IMAGE_NEXT_STEP;
    case "first-boot":
      return (
        service?.nextStep ??
        (hint === undefined ? FIRST_BOOT : `${hint}; the sensor tries again automatically`)
      );
    case "never-run":
    case "not-running":
      return service ? service.nextStep : "run attacklens-sensor run";
    default:
      return service?.nextStep ?? nextStep(state, server ?? "the server");
  }
}
