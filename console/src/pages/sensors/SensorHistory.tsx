import { getRouteApi } from "@tanstack/react-router";
import { HistoryTable, historyOf } from "../../components/HistoryTable.tsx";
import { PageBody } from "../../ui/PageBody.tsx";

const route = getRouteApi("/app/sensors/$sensorId");

export function SensorHistory() {
  const { sensorId } = route.useParams();
  return (
    <PageBody spaced>
      <HistoryTable query={historyOf("sensor", sensorId)} />
    </PageBody>
  );
}
