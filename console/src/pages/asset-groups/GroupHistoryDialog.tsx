import { getRouteApi } from "@tanstack/react-router";
import { HistoryDialog } from "../../components/HistoryDialog.tsx";
import { paths } from "../../paths.ts";

const route = getRouteApi("/app/assets/groups/$groupId/history");

export function GroupHistoryDialog() {
  const { groupId } = route.useParams();
  return <HistoryDialog type="asset-group" id={groupId} list={paths.assetGroups()} />;
}
