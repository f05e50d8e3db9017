import * as routes from "@attacklens/protocol/assets.ts";
import { handler } from "../route-handler.ts";
import { getAsset, listAssets } from "./assets.ts";

export const assetRoutes = [
  handler(routes.listAssets, ({ query }, { db }) => listAssets(db, query)),
  handler(routes.getAsset, ({ params }, { db }) => getAsset(db, params.id)),
];
