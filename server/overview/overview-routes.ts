import * as routes from "@attacklens/protocol/overview.ts";
import { handler } from "../route-handler.ts";
import { getOverview } from "./overview.ts";

export const overviewRoutes = [
  handler(routes.getOverview, ({ user }, { reads, now, checkInIntervalSeconds }) =>
    getOverview(reads, { now: now(), checkInIntervalSeconds, user }),
  ),
];
