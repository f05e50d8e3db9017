import * as routes from "@attacklens/protocol/views.ts";
import { handler } from "../route-handler.ts";
import { createView, deleteView, listViews, updateView } from "./views.ts";

export const viewRoutes = [
  handler(routes.listViews, ({ query, user }, { reads }) => listViews(reads, user, query.list)),
  handler(routes.createView, ({ body, user, idempotency }, { db, now }) =>
    createView(db, now(), user, body, idempotency),
  ),
  handler(routes.updateView, ({ params, body, user }, { db, now }) =>
    updateView(db, now(), user, params.id, body),
  ),
  handler(routes.deleteView, async ({ params, user }, { db, now }) => {
    await deleteView(db, now(), user, params.id);
    return undefined;
  }),
];
