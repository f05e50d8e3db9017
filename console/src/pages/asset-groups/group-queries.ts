// The queries of the asset group pages, and their loaders.
import { getAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { listOf, orNotFound, type RouterContext } from "../../loading.ts";
import { apiQuery } from "../../queries.ts";

export const groupList = listOf(listAssetGroups);

export const groupQuery = (id: string) => apiQuery(getAssetGroup, { params: { id } });

interface GroupLoad {
  context: RouterContext;
  params: { groupId: string };
}

/** Not from the cache: the dialog edits what it loads. */
export async function loadGroup({ context, params }: GroupLoad): Promise<void> {
  await orNotFound(context.queryClient.query(groupQuery(params.groupId)));
}
