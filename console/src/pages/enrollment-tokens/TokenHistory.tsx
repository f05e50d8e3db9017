import { getRouteApi } from "@tanstack/react-router";
import { HistoryTable } from "../../components/HistoryTable.tsx";
import { PageBody } from "../../ui/PageBody.tsx";

const route = getRouteApi("/app/sensors/tokens/$tokenId");

export function TokenHistory() {
  const { tokenId } = route.useParams();
  return (
    <PageBody spaced>
      <HistoryTable type="enrollment-token" id={tokenId} />
    </PageBody>
  );
}
