// Exports the list of asset groups.
import type { AssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { assetGroupExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { listAssetGroups } from "./asset-groups.ts";

const CELLS: ListCells<AssetGroup, (typeof assetGroupExports.columns)[number]> = {
  name: ({ name }) => name,
  createdAt: ({ createdAt }) => createdAt,
  createdBy: ({ createdBy }) => createdBy,
  assets: ({ assets }) => assets,
  enrollmentTokens: ({ enrollmentTokens }) => enrollmentTokens,
  id: ({ id }) => id,
};

type Query = RouteInput<typeof assetGroupExports.csv>["query"];

export function exportAssetGroups(reads: Database, user: User, request: ListExport<Query>) {
  return exportList(
    {
      exports: assetGroupExports,
      cells: CELLS,
      list: (query) => listAssetGroups(reads, request.now, user, query),
    },
    request,
  );
}
