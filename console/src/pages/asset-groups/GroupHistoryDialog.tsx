import { Modal } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { HistoryTable } from "../../components/HistoryTable.tsx";
import { paths } from "../../paths.ts";
import { groupQuery } from "./group-queries.ts";

const route = getRouteApi("/app/assets/groups/$groupId/history");

export function GroupHistoryDialog() {
  const { groupId } = route.useParams();
  const navigate = useNavigate();
  const { data: group } = useSuspenseQuery(groupQuery(groupId));
  return (
    <Modal
      opened
      onClose={() => void navigate({ ...paths.assetGroups(), search: true, replace: true })}
      title={`History of ${group.name}`}
      size={760}
      closeButtonProps={{ "aria-label": "Close dialog" }}
    >
      <HistoryTable type="asset-group" id={groupId} />
    </Modal>
  );
}
