// The queries of the asset pages, and their loaders.
import { getAsset, listAssets } from "@attacklens/protocol/assets.ts";
import { CACHED, listOf, orNotFound, type RouterContext } from "../../loading.ts";
import { apiQuery } from "../../queries.ts";

export const assetList = listOf(listAssets);

export const assetQuery = (id: string) => apiQuery(getAsset, { params: { id } });

interface AssetLoad {
  context: RouterContext;
  params: { assetId: string };
}

export async function loadAsset({ context, params }: AssetLoad): Promise<void> {
  await orNotFound(context.queryClient.query({ ...assetQuery(params.assetId), ...CACHED }));
}
