import * as routes from "@attacklens/protocol/audit-events.ts";
import { exportHandlers, handler, type RouteHandler } from "../route-handler.ts";
import { userActor } from "./audit.ts";
import { listAuditEvents, listHistory } from "./audit-events.ts";
import { exportEvents } from "./audit-export.ts";

const { HISTORIES } = routes;

const history = <Type extends keyof typeof HISTORIES>(type: Type): RouteHandler =>
  handler(HISTORIES[type] as typeof HISTORIES.sensor, ({ params, query, user }, { reads }) =>
    listHistory(reads, user, { type, id: params.id }, query),
  );

export const auditRoutes: readonly RouteHandler[] = [
  handler(routes.listAuditEvents, ({ query }, { reads, longReads }) => {
    const { cursor, limit, order, sort: _, ...filter } = query;
    // A search may read the text of many events.
    return listAuditEvents(filter.q ? longReads : reads, filter, { order, cursor, limit });
  }),
  ...exportHandlers(
    { noun: "audit log", csv: routes.exportAuditCsv, jsonLines: routes.exportAuditJsonLines },
    ({ query: filter, user, http: { checkAgain } }, { db, longReads, now }, format) =>
      exportEvents(
        { db, reads: longReads },
        { format, filter, actor: userActor(user), at: now(), checkAgain },
      ),
  ),
  ...(Object.keys(HISTORIES) as (keyof typeof HISTORIES)[]).map(history),
];
