import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { HistoryTable } from "../../components/HistoryTable.tsx";
import { paths } from "../../paths.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { groupQuery } from "./group-queries.ts";

const route = getRouteApi("/app/assets/groups/$groupId/history");

export function GroupHistoryDialog() {
  const { groupId } = route.useParams();
  const navigate = useNavigate();
  const { data: group } = useSuspenseQuery(groupQuery(groupId));
  return (
    <Dialog
      title={`History of ${group.name}`}
      size={760}
      onDismiss={() => void navigate({ ...paths.assetGroups(), search: true, replace: true })}
      withCloseButton
    >
      <HistoryTable type="asset-group" id={groupId} />
    </Dialog>
  );
}
