import * as routes from "@attacklens/protocol/assets.ts";
import { handler } from "../route-handler.ts";
import { getAsset, listAssets } from "./assets.ts";

export const assetRoutes = [
  handler(routes.listAssets, ({ query }, { reads, longReads }) =>
    listAssets(query.count ? longReads : reads, query),
  ),
  handler(routes.getAsset, ({ params }, { reads }) => getAsset(reads, params.id)),
];
