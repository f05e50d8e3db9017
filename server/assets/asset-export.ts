// Exports the list of assets.
import type { Asset } from "@attacklens/protocol/assets.ts";
import { assetExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { listAssets } from "./assets.ts";

const CELLS: ListCells<Asset, (typeof assetExports.columns)[number]> = {
  name: ({ name }) => name,
  type: ({ type }) => type,
  assetGroup: ({ assetGroup }) => assetGroup?.name ?? null,
  sensor: ({ sensor }) => sensor?.hostname ?? null,
  createdAt: ({ createdAt }) => createdAt,
  id: ({ id }) => id,
};

type Query = RouteInput<typeof assetExports.csv>["query"];

export function exportAssets(reads: Database, user: User, request: ListExport<Query>) {
  return exportList(
    { exports: assetExports, cells: CELLS, list: (query) => listAssets(reads, user, query) },
    request,
  );
}
