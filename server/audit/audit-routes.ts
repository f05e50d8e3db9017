import * as routes from "@attacklens/protocol/audit-events.ts";
import type { User } from "../caller.ts";
import type { Services } from "../route-handler.ts";
import { handler, type RouteHandler } from "../route-handler.ts";
import { userActor } from "./audit.ts";
import { listAuditEvents, listHistory } from "./audit-events.ts";
import { type ExportFormat, exportEvents } from "./audit-export.ts";

const { HISTORIES } = routes;

const history = <Type extends keyof typeof HISTORIES>(type: Type): RouteHandler =>
  handler(HISTORIES[type] as typeof HISTORIES.sensor, ({ params, query, user }, { reads }) =>
    listHistory(reads, user, { type, id: params.id }, query),
  );

export const auditRoutes: readonly RouteHandler[] = [
  handler(routes.listAuditEvents, ({ query: { cursor, limit, order, sort: _, ...filter } }, { db, reads }) =>
    listAuditEvents({ db, reads }, filter, { order, cursor, limit }),
  ),
  handler(routes.exportAuditJsonLines, async ({ query, user, http }, services) => {
    http.replyStream = await openExport(services, user, query, "jsonl");
    http.replyHeaders.set("content-disposition", attachment(services, "jsonl"));
    return undefined;
  }),
  handler(routes.exportAuditCsv, async ({ query, user, http }, services) => {
    http.replyStream = await openExport(services, user, query, "csv");
    http.replyHeaders.set("content-disposition", attachment(services, "csv"));
    return undefined;
  }),
  ...(Object.keys(HISTORIES) as (keyof typeof HISTORIES)[]).map(history),
];

async function openExport(
  { db, reads, now }: Services,
  user: User,
  filter: routes.AuditFilter,
  format: ExportFormat,
): Promise<ReadableStream<Uint8Array>> {
  const parts = await exportEvents({ db, reads }, { format, filter, actor: userActor(user), at: now() });
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function attachment({ now }: Services, format: ExportFormat): string {
  const day = new Date(now()).toISOString().slice(0, 19).replaceAll(":", "");
  return `attachment; filename="attacklens-audit-log-${day}.${format}"`;
}
