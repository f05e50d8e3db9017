// A check-in: settles which instance holds the sensor's key, then stores what the sensor reports, and offers
// an update.
import type { checkIn as checkInRoute } from "@attacklens/protocol/check-in.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { SensorCaller } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { recordReport } from "../inventory/inventory.ts";
import { settleInstance } from "../sensors/clones/clones.ts";
import type { RequestAt } from "../sensors/clones/settling.ts";
import {
  type AgreementKeys,
  requireEd25519ToAnnounce,
  settleAgreement,
} from "../sensors/identity/agreement-keys.ts";
import type { RememberedSensors } from "../sensors/record/remembered-sensors.ts";
import type { Plans } from "../updates/plan.ts";
import { settleUpdate } from "../updates/settle-update.ts";

/** The parts of the server that a check-in uses. */
interface CheckInParts {
  plans: Plans;
  rememberedSensors: Pick<RememberedSensors, "settle" | "remember">;
  agreementKeys: AgreementKeys;
}

const NOTHING_WANTED = { wanted: [], missing: undefined };

/**
 * While an instance's ownership of the key is undecided, it checks in sooner, and its reports are not stored.
 * Throws sensor-cloned, state-conflict, signature-invalid, too-many-requests.
 */
export async function checkIn(
  db: Database,
  at: RequestAt & { keyMaxAgeMs: number },
  { plans, rememberedSensors, agreementKeys }: CheckInParts,
  sensor: SensorCaller,
  body: RouteInput<typeof checkInRoute>["body"],
) {
  const { now, checkInIntervalSeconds, keyMaxAgeMs } = at;
  requireEd25519ToAnnounce(sensor, body.agreementKey);
  const { host, agreementKey } = body;
  const settled = await settleInstance(db, at, sensor, { isCheckIn: true, host, agreementKey });
  const { isHeld, askAgainSeconds, holdsKey, after } = settled;
  if (after) rememberedSensors.remember(after);
  const isSettled = isHeld || sensor.isRepeated;
  const { wanted, missing } = isSettled
    ? NOTHING_WANTED
    : await recordReport(db, now, rememberedSensors, sensor, body);
  // The schema adds defaults to a host, so its bytes are not what it accepts. Lists are not sent again.
  if (!isSettled && wanted.length === 0 && !host && !hasLists(body))
    rememberedSensors.settle(sensor.id, sensor.revision, sensor.report);
  const agreement = await settleAgreement(db, agreementKeys.current(now), sensor, settled, agreementKey);
  return {
    agreement,
    checkInIntervalSeconds: askAgainSeconds ?? checkInIntervalSeconds,
    wanted,
    missing,
    update: isHeld ? undefined : await settleUpdate(db, now, plans, sensor, body),
    undecided: isHeld,
    rotateKey: holdsKey && now - sensor.keyChangedAt > keyMaxAgeMs,
  };
}

function hasLists({ inventory = {} }: RouteInput<typeof checkInRoute>["body"]): boolean {
  return Object.values(inventory).some((said) => said.status === "collected" && said.chunks !== undefined);
}
