import * as routes from "@attacklens/protocol/assets.ts";
import { assetExports } from "@attacklens/protocol/list-exports.ts";
import { exportHandlers, handler } from "../route-handler.ts";
import { exportAssets } from "./asset-export.ts";
import { setAssetType } from "./asset-types.ts";
import { getAsset, listAssets } from "./assets.ts";

export const assetRoutes = [
  handler(routes.listAssets, ({ query, user }, { reads, longReads }) =>
    listAssets(query.count ? longReads : reads, user, query),
  ),
  ...exportHandlers(assetExports, ({ query, user, http: { checkAgain } }, { longReads, now }, format) =>
    exportAssets(longReads, user, { format, now: now(), query, checkAgain }),
  ),
  handler(routes.getAsset, ({ params, user }, { reads }) => getAsset(reads, user, params.id)),
  handler(routes.setAssetType, ({ params, body, user }, { db, now }) =>
    setAssetType(db, now(), user, params.id, body.type),
  ),
];
