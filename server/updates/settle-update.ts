// The part of a check-in about updates: stores the report, and decides what the reply offers. Most check-ins
// need no query, because no ring has anything for the sensor's version.
import type { UpdateReport } from "@attacklens/protocol/updates.ts";
import type { Database } from "../db/schema.ts";
import type { SensorUpdateTable } from "../db/schema-updates.ts";
import type { Sender } from "../sensors/record/lock-sender.ts";
import { admitHost, endOfMinute } from "./admit-host.ts";
import { findOfferHost } from "./host-updates-store.ts";
import { decide, hasFailed, mayOffer, type Plan, ringOf } from "./offer-rules.ts";
import type { Plans } from "./plan.ts";
import { recordUpdate } from "./record-update.ts";

export interface UpdateOffer {
  version: string;
  attempt: number;
}

/** The plan counts failures. Of the other hosts, it needs to know no step. */
function isMended(before: SensorUpdateTable | null): boolean {
  return before !== null && hasFailed(before.state);
}

interface Reported {
  /** That the sensor runs. */
  sensorVersion: string;
  update?: UpdateReport | undefined;
}

/**
 * Returns undefined if the sensor stays at its version. Most check-ins need no promise to find that out.
 * Throws the problems of `lockSender`.
 */
export function settleUpdate(
  db: Database,
  now: number,
  plans: Plans,
  sender: Sender,
  reported: Reported,
): undefined | Promise<UpdateOffer | undefined> {
  const plan = plans.current();
  const needsHost = plan instanceof Promise || reported.update || mayOffer(plan, now, reported.sensorVersion);
  return needsHost ? settleByHost(db, now, { plans, current: plan }, sender, reported) : undefined;
}

async function settleByHost(
  db: Database,
  now: number,
  { plans, current }: { plans: Plans; current: Plan | Promise<Plan> },
  sender: Sender,
  { sensorVersion, update }: Reported,
): Promise<UpdateOffer | undefined> {
  let plan = await current;
  if (!update && !mayOffer(plan, now, sensorVersion)) return undefined;
  const host = await findOfferHost(db, sender.id);
  if (!host) return undefined;
  const { assetGroupId } = host;
  let stored = host.update;
  if (update) {
    const before = stored;
    stored = await recordUpdate(db, now, plan, sender, before, update);
    if (stored !== before && (stored.isCanary === 1 || hasFailed(stored.state) || isMended(before))) {
      plans.changed();
      plan = await plans.current();
    }
  }
  const decision = decide(plan, now, { version: sensorVersion, assetGroupId, update: stored });
  if (decision.type === "none") return undefined;
  const { version } = ringOf(plan, assetGroupId).target!;
  if (decision.type === "repeat") return { version, attempt: decision.attempt };
  if (now < plans.noOffersUntil) return undefined;
  const admission = await admitHost(db, now, plan, sender, assetGroupId);
  if (admission.type === "later") plans.noOffersUntil = endOfMinute(now);
  else if (admission.type !== "admitted" || admission.isCanary) plans.changed();
  return admission.type === "admitted" ? { version, attempt: admission.attempt } : undefined;
}
