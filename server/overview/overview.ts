// The first steps of an installation, and how many objects need attention.
import { LONG_OFFLINE_DAYS, type Overview, RECENT_REFUSAL_HOURS } from "@attacklens/protocol/overview.ts";
import { listAssetGroups } from "../asset-groups/asset-groups.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { countRefusals } from "../enrollment-tokens/attempts.ts";
import { listEnrollmentTokens } from "../enrollment-tokens/enrollment-tokens.ts";
import { toInstant } from "../ids.ts";
import { onlineSince } from "../sensors/record/sensor-status.ts";
import { readSensorOverview } from "../sensors/sensor-attention.ts";
import { DAY_MS } from "../time-zone.ts";

const HOUR_MS = 3_600_000;
/** For the total of a list. */
const NO_ROWS = { sort: "createdAt", order: "desc", limit: 1 } as const;

export interface OverviewView {
  now: number;
  checkInIntervalSeconds: number;
  user: User;
}

export async function getOverview(
  db: Database,
  { now, checkInIntervalSeconds, user }: OverviewView,
): Promise<Overview> {
  const online = onlineSince(now, checkInIntervalSeconds);
  const seenBefore = Math.min(online, now - LONG_OFFLINE_DAYS * DAY_MS);
  const refusedFrom = now - RECENT_REFUSAL_HOURS * HOUR_MS;
  const tokens = async (filter: { warning?: "expires-soon" | "nearly-used-up" }) =>
    (await listEnrollmentTokens(db, now, user, { ...NO_ROWS, ...filter })).total;
  const groups = await listAssetGroups(db, now, user, NO_ROWS);
  const { steps, attention } = await readSensorOverview(db, online, seenBefore);
  const { longOffline, ...sensors } = attention;
  return {
    setup: {
      assetGroup: groups.total > 0,
      enrollmentToken: (await tokens({})) > 0,
      ...steps,
    },
    attention: {
      ...sensors,
      tokensExpiringSoon: await tokens({ warning: "expires-soon" }),
      tokensNearlyUsedUp: await tokens({ warning: "nearly-used-up" }),
      refusals: { from: toInstant(refusedFrom), attempts: await countRefusals(db, refusedFrom) },
      longOffline: { seenBefore: toInstant(seenBefore), sensors: longOffline },
    },
  };
}
