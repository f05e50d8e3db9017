import { getRouteApi } from "@tanstack/react-router";
import { HistoryDialog } from "../../components/HistoryDialog.tsx";
import { paths } from "../../paths.ts";

const route = getRouteApi("/app/settings/api-keys/$keyId/history");

export function ApiKeyHistoryDialog() {
  const { keyId } = route.useParams();
  return <HistoryDialog type="api-key" id={keyId} list={paths.apiKeys()} />;
}
