import { getRouteApi } from "@tanstack/react-router";
import { HistoryTable } from "../../components/HistoryTable.tsx";
import { PageBody } from "../../ui/PageBody.tsx";

const route = getRouteApi("/app/assets/$assetId");

export function AssetHistory() {
  const { assetId } = route.useParams();
  return (
    <PageBody spaced>
      <HistoryTable type="asset" id={assetId} />
    </PageBody>
  );
}
