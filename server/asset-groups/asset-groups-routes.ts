import * as routes from "@attacklens/protocol/asset-groups.ts";
import { assetGroupExports } from "@attacklens/protocol/list-exports.ts";
import { exportHandlers, handler } from "../route-handler.ts";
import { exportAssetGroups } from "./asset-group-export.ts";
import {
  createAssetGroup,
  deleteAssetGroup,
  getAssetGroup,
  listAssetGroups,
  renameAssetGroup,
} from "./asset-groups.ts";

export const assetGroupRoutes = [
  handler(routes.listAssetGroups, ({ query, user }, { reads, now }) =>
    listAssetGroups(reads, now(), user, query),
  ),
  ...exportHandlers(assetGroupExports, ({ query, user, http: { checkAgain } }, { longReads, now }, format) =>
    exportAssetGroups(longReads, user, { format, now: now(), query, checkAgain }),
  ),
  handler(routes.createAssetGroup, ({ body, user, idempotency }, { db, now }) =>
    createAssetGroup(db, now(), user, body.name, idempotency),
  ),
  handler(routes.getAssetGroup, ({ params, user }, { reads, now }) =>
    getAssetGroup(reads, now(), user, params.id),
  ),
  handler(routes.renameAssetGroup, ({ params, body, user }, { db, now }) =>
    renameAssetGroup(db, now(), user, params.id, body.name),
  ),
  handler(routes.deleteAssetGroup, async ({ params, user }, { db, now }) => {
    await deleteAssetGroup(db, now(), user, params.id);
    return undefined;
  }),
];
