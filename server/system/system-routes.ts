import * as routes from "@attacklens/protocol/system-status.ts";
import { handler } from "../route-handler.ts";
import { getSystemStatus } from "./system.ts";

export const systemRoutes = [
  handler(routes.getSystemStatus, (_request, { reads, now, system, ...services }) =>
    getSystemStatus(reads, { ...services, now: now(), server: system }),
  ),
  handler(routes.listLicenses, async () => {
    // Only this page needs the texts.
    const { LICENSES } = await import("./licenses.ts");
    return { items: LICENSES };
  }),
];
