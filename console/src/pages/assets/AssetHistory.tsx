import { getRouteApi } from "@tanstack/react-router";
import { HistoryTable, historyOf } from "../../components/HistoryTable.tsx";
import { PageBody } from "../../ui/PageBody.tsx";

const route = getRouteApi("/app/assets/$assetId");

export function AssetHistory() {
  const { assetId } = route.useParams();
  return (
    <PageBody spaced>
      <HistoryTable query={historyOf("asset", assetId)} />
    </PageBody>
  );
}
