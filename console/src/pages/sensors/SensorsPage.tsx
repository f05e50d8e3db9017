import { FILTER_NAMES } from "@attacklens/protocol/filter-text.ts";
import { sensorExports } from "@attacklens/protocol/list-exports.ts";
import type { ListedSensor } from "@attacklens/protocol/sensors.ts";
import { IconRadar2 } from "@tabler/icons-react";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { ListPage } from "../../components/ListPage.tsx";
import { fromLine } from "../../components/line-search.ts";
import { ButtonLink, TextLink } from "../../components/links.tsx";
import { filterOf } from "../../components/list-search.ts";
import { useList, useSetLine } from "../../components/use-list.ts";
import { useReference } from "../../components/use-reference.tsx";
import { paths } from "../../paths.ts";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { SensorBulk } from "./SensorBulk.tsx";
import { SensorFilters } from "./SensorFilters.tsx";
import { sensorColumns } from "./sensor-columns.tsx";
import { sensorList } from "./sensor-queries.ts";
import { takeFilters } from "./typed-filters.ts";
import { useSensorActions } from "./use-sensor-actions.tsx";

const route = getRouteApi("/app/sensors");

export function SensorsPage() {
  const line = route.useSearch();
  const search = useMemo(() => fromLine(line), [line]);
  const setSearch = useSetLine();
  const list = useList(sensorList.query(search));
  const navigate = useNavigate();
  const { actionsFor, dialog } = useSensorActions();
  const columns = useMemo(() => sensorColumns((sensor) => actionsFor(sensor).menu), [actionsFor]);
  return (
    <>
      <ListPage<ListedSensor>
        title="All sensors"
        description="The sensors on your hosts, and their status."
        manage="sensors:manage"
        noun="sensors"
        views="sensors"
        searchLabel="Name, address, serial, status:offline"
        search={search}
        findsBeginnings
        filterNames={FILTER_NAMES}
        filters={<SensorFilters search={search} />}
        line={{ text: line.filter ?? "", take: takeFilters, setSearch }}
        reference={useReference(search.q)}
        bulk={(sensors, clear, isAll) => (
          <SensorBulk sensors={sensors} filter={isAll ? filterOf(search) : undefined} onClear={clear} />
        )}
        canSelectMatching
        nameOf={(sensor) => sensor.hostname}
        defaultSort={{ sort: "hostname", order: "asc" }}
        list={list}
        columns={columns}
        exports={sensorExports}
        onRowClick={(one) => void navigate(paths.sensor(one.id))}
        empty={
          <StateMessage
            icon={<IconRadar2 size={20} />}
            title="No sensors yet"
            action={<ButtonLink {...paths.enrollmentTokenNew()}>Create Token</ButtonLink>}
          >
            Create an Enrollment Token, then follow a guide under{" "}
            <TextLink {...paths.deploy()} underline="always">
              Deploy
            </TextLink>
            . The sensor appears here as Pending. It becomes Online after its first report, within about a
            minute.
          </StateMessage>
        }
      />
      {dialog}
    </>
  );
}
