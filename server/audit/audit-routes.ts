import * as routes from "@attacklens/protocol/audit-events.ts";
import type { User } from "../caller.ts";
import type { Services } from "../route-handler.ts";
import { handler, type RouteHandler } from "../route-handler.ts";
import { streamText } from "../streamed-text.ts";
import { userActor } from "./audit.ts";
import { listAuditEvents, listHistory } from "./audit-events.ts";
import { type ExportFormat, exportEvents } from "./audit-export.ts";

const { HISTORIES } = routes;

const history = <Type extends keyof typeof HISTORIES>(type: Type): RouteHandler =>
  handler(HISTORIES[type] as typeof HISTORIES.sensor, ({ params, query, user }, { reads }) =>
    listHistory(reads, user, { type, id: params.id }, query),
  );

export const auditRoutes: readonly RouteHandler[] = [
  handler(routes.listAuditEvents, ({ query }, { db, reads, longReads }) => {
    const { cursor, limit, order, sort: _, ...filter } = query;
    // A search may read the text of many events.
    return listAuditEvents({ db, reads: filter.q ? longReads : reads }, filter, { order, cursor, limit });
  }),
  handler(routes.exportAuditJsonLines, async ({ query, user, http }, services) => {
    http.replyStream = await openExport(services, user, query, "jsonl", http.checkAgain);
    http.replyHeaders.set("content-disposition", attachment(services, "jsonl"));
    return undefined;
  }),
  handler(routes.exportAuditCsv, async ({ query, user, http }, services) => {
    http.replyStream = await openExport(services, user, query, "csv", http.checkAgain);
    http.replyHeaders.set("content-disposition", attachment(services, "csv"));
    return undefined;
  }),
  ...(Object.keys(HISTORIES) as (keyof typeof HISTORIES)[]).map(history),
];

async function openExport(
  { db, longReads, now, log }: Services,
  user: User,
  filter: routes.AuditFilter,
  format: ExportFormat,
  checkAgain: () => Promise<unknown>,
): Promise<ReadableStream<Uint8Array>> {
  const wanted = { format, filter, actor: userActor(user), at: now(), checkAgain };
  return streamText(await exportEvents({ db, reads: longReads }, wanted), log);
}

function attachment({ now }: Services, format: ExportFormat): string {
  const day = new Date(now()).toISOString().slice(0, 19).replaceAll(":", "");
  return `attachment; filename="attacklens-audit-log-${day}.${format}"`;
}
