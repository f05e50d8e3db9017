// The problems that a route may return: those that it declares, and those of every route of its kind.
import type { ProblemCode } from "./problems.ts";
import type { Access, Route, SensorStanding } from "./route.ts";

const BY_SENSORS: readonly Access[] = ["sensor", "enrollment-token", "re-enrollment-ticket"];

/** The problem for each standing that a route does not accept. */
const STANDING_PROBLEMS: Record<SensorStanding, ProblemCode> = {
  unsettled: "state-conflict",
  clone: "sensor-cloned",
  "awaiting-approval": "sensor-awaiting-approval",
  blocked: "sensor-blocked",
};

/** All problems except not-found for an unknown path and method-not-allowed for an unknown method. */
export function problemsOf(route: Route): ProblemCode[] {
  const isForSensors = BY_SENSORS.includes(route.access);
  const kinds: [boolean, ProblemCode[]][] = [
    [true, ["input-invalid", "internal-error", "unavailable", "media-type-unsupported"]],
    [route.params !== undefined, ["not-found"]],
    [
      route.body !== undefined,
      ["malformed-request", "body-too-large", "request-timeout", "too-many-requests"],
    ],
    [route.file !== undefined, ["not-found", "range-unsatisfiable", "too-many-requests"]],
    [route.access === "sensor", ["signature-replayed", "sensor-unknown", "key-replaced"]],
    [route.access === "sensor", standingProblems(route)],
    [route.access === "enrollment-token", ["token-unknown"]],
    [route.access === "re-enrollment-ticket", ["ticket-unknown"]],
    [route.creates === true, ["malformed-request", "state-conflict", "idempotency-key-reused"]],
    [isSigned(route), ["signature-missing", "signature-invalid", "clock-skewed"]],
    [!isForSensors && route.method !== "GET", ["origin-refused"]],
    [!isForSensors && route.access !== "public", ["not-signed-in", "too-many-requests"]],
    [route.access.includes(":") || route.needsSession === true, ["permission-missing"]],
    [!isForSensors && route.access !== "public" && !route.beforeSecondFactor, ["second-factor-missing"]],
    [route.recentSignIn !== undefined, ["sign-in-not-recent"]],
  ];
  const common = kinds.flatMap(([applies, codes]) => (applies ? codes : []));
  return [...new Set([...common, ...(route.problems ?? [])])];
}

export function isSigned(route: Route): boolean {
  return route.access === "sensor" || route.isSignedByNewKey === true;
}

function standingProblems({ accepts = [] }: Route): ProblemCode[] {
  return Object.entries(STANDING_PROBLEMS).flatMap(([standing, code]) =>
    accepts.includes(standing as SensorStanding) ? [] : code,
  );
}
