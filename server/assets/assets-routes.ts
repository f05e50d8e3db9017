import * as routes from "@attacklens/protocol/assets.ts";
import { handler } from "../route-handler.ts";
import { setAssetType } from "./asset-types.ts";
import { getAsset, listAssets } from "./assets.ts";

export const assetRoutes = [
  handler(routes.listAssets, ({ query, user }, { reads, longReads }) =>
    listAssets(query.count ? longReads : reads, user, query),
  ),
  handler(routes.getAsset, ({ params, user }, { reads }) => getAsset(reads, user, params.id)),
  handler(routes.setAssetType, ({ params, body, user }, { db, now }) =>
    setAssetType(db, now(), user, params.id, body.type),
  ),
];
