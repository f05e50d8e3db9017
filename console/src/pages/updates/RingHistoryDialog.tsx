import { getRouteApi } from "@tanstack/react-router";
import { HistoryDialog } from "../../components/HistoryDialog.tsx";
import { paths } from "../../paths.ts";

const route = getRouteApi("/app/sensors/updates/rings/$ringId/history");

export function RingHistoryDialog() {
  const { ringId } = route.useParams();
  return <HistoryDialog type="update-ring" id={ringId} list={paths.updates()} />;
}
