// The queries of the overview.
import { getEnrollmentDays } from "@attacklens/protocol/enrollment-attempts.ts";
import { getOverview } from "@attacklens/protocol/overview.ts";
import { countSensors } from "@attacklens/protocol/sensor-counts.ts";
import { getUpdates } from "@attacklens/protocol/update-rings.ts";
import { apiQuery } from "../../queries.ts";

/** A burst of changes fetches the numbers no more often than this. */
const meta = { restMs: () => 3_000 };

export const overviewQuery = { ...apiQuery(getOverview, {}), meta };
export const updatesQuery = { ...apiQuery(getUpdates, {}), meta };
export const countsQuery = { ...apiQuery(countSensors, {}), meta };

/** In the browser's time zone. */
export function daysQuery(days: number, timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone) {
  return { ...apiQuery(getEnrollmentDays, { query: { days, timeZone } }), meta };
}
