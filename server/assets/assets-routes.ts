import * as actions from "@attacklens/protocol/asset-actions.ts";
import * as routes from "@attacklens/protocol/assets.ts";
import { assetExports } from "@attacklens/protocol/list-exports.ts";
import { openBulk, previewBulk } from "../bulk/bulk.ts";
import { exportHandlers, handler } from "../route-handler.ts";
import { jsonLines, streamText } from "../streamed-text.ts";
import { assetCandidates, changeAsset, changeAssets, openChange } from "./asset-changes.ts";
import { exportAssets } from "./asset-export.ts";
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
    changeAsset(db, now(), user, params.id, { action: "set-type", type: body.type }),
  ),
  handler(routes.moveAsset, ({ params, body, user }, { db, now }) =>
    changeAsset(db, now(), user, params.id, { action: "move", to: body }),
  ),
  handler(actions.previewAssetAction, ({ body }, { longReads }) =>
    previewBulk(assetCandidates(longReads, body)),
  ),
  handler(actions.runAssetAction, async ({ body, user, http }, { db, longReads, now, log }) => {
    const { fingerprint, ...action } = body;
    let change: Awaited<ReturnType<typeof openChange>>;
    const start = await openBulk(assetCandidates(longReads, action), fingerprint, (tx, some) =>
      changeAssets(tx, now(), user, change, some),
    );
    // Only now: a refused action creates no group.
    change = await openChange(db, now(), user, action);
    http.replyStream = streamText(jsonLines(start(db, http.checkAgain)), log);
    return undefined;
  }),
];
