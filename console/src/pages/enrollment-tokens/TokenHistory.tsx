import { getRouteApi } from "@tanstack/react-router";
import { HistoryTable, historyOf } from "../../components/HistoryTable.tsx";
import { PageBody } from "../../ui/PageBody.tsx";

const route = getRouteApi("/app/sensors/tokens/$tokenId");

export function TokenHistory() {
  const { tokenId } = route.useParams();
  return (
    <PageBody spaced>
      <HistoryTable query={historyOf("enrollment-token", tokenId)} />
    </PageBody>
  );
}
