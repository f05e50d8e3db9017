// Actions on all assets that match a filter.
import { z } from "zod";
import { assetDestination, chosenAssetType, listAssets } from "./assets.ts";
import { bulkFilter, bulkFingerprint, bulkPreview, PROGRESS_TYPE } from "./bulk.ts";
import { route } from "./route.ts";

const filter = bulkFilter(listAssets.query);

/** An action with what it needs. */
const ACTIONS = {
  move: { action: z.literal("move"), to: assetDestination },
  "set-type": { action: z.literal("set-type"), type: chosenAssetType },
};

const preview = z.discriminatedUnion("action", [
  z.strictObject({ ...ACTIONS.move, filter }),
  z.strictObject({ ...ACTIONS["set-type"], filter }),
]);
export type AssetBulkAction = z.infer<typeof preview>;

export const previewAssetAction = route({
  name: "assets.previewAction",
  method: "POST",
  path: "/api/v1/asset-actions/preview",
  access: "assets:manage",
  tag: "Assets",
  summary: "Preview an action on all assets that match a filter",
  body: preview,
  status: 200,
  output: bulkPreview,
});

export const runAssetAction = route({
  name: "assets.runAction",
  method: "POST",
  path: "/api/v1/asset-actions",
  access: "assets:manage",
  tag: "Assets",
  summary:
    "Move all assets that match a filter to an asset group, or set their type. The reply is a line of JSON for each progress; the last one has `isFinished`. The action ends when the connection ends",
  body: z.discriminatedUnion("action", [
    z.strictObject({ ...ACTIONS.move, filter, fingerprint: bulkFingerprint }),
    z.strictObject({ ...ACTIONS["set-type"], filter, fingerprint: bulkFingerprint }),
  ]),
  status: 200,
  streams: PROGRESS_TYPE,
  problems: ["state-conflict"],
});
