import { sensorExports } from "@attacklens/protocol/list-exports.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { IconRadar2 } from "@tabler/icons-react";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { GroupFilter } from "../../components/GroupFilter.tsx";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink, TextLink } from "../../components/links.tsx";
import { filterOf } from "../../components/list-search.ts";
import { PLATFORM_NAMES } from "../../components/platform-names.ts";
import { filterOptions, SENSOR_STATUS_LOOKS } from "../../components/statuses.tsx";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { useReference } from "../../components/use-reference.tsx";
import { paths } from "../../paths.ts";
import { FilterChip, FilterMenu, FilterToggle } from "../../ui/FilterMenu.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { exactTime } from "../../ui/time.ts";
import { SensorBulk } from "./SensorBulk.tsx";
import { sensorColumns } from "./sensor-columns.tsx";
import { sensorList } from "./sensor-queries.ts";
import { TokenFilter } from "./TokenFilter.tsx";
import { useSensorActions } from "./use-sensor-actions.tsx";

const STATUSES = filterOptions(SENSOR_STATUS_LOOKS);
const PLATFORMS = Object.entries(PLATFORM_NAMES).map(([value, label]) => ({ value, label }));
const route = getRouteApi("/app/sensors");

export function SensorsPage() {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const navigate = useNavigate();
  const { actionsFor, dialog } = useSensorActions();
  const columns = useMemo(() => sensorColumns((sensor) => actionsFor(sensor).menu), [actionsFor]);
  return (
    <>
      <ListPage<Sensor>
        title="All sensors"
        description="The sensors on your hosts, and their status."
        manage="sensors:manage"
        noun="sensors"
        views="sensors"
        searchLabel="Search by hostname or id"
        search={search}
        findsBeginnings
        filterNames={["status", "platform", "assetGroupId", "match", "enrollmentTokenId", "seenBefore"]}
        filters={
          <>
            <FilterMenu
              label="Status"
              value={search.status}
              options={STATUSES}
              onChange={(status) => setSearch({ status })}
            />
            <FilterMenu
              label="Operating system"
              value={search.platform}
              options={PLATFORMS}
              onChange={(platform) => setSearch({ platform })}
            />
            <GroupFilter value={search.assetGroupId} onChange={(id) => setSearch({ assetGroupId: id })} />
            <FilterToggle
              label="Possible duplicates"
              isOn={search.match === "any"}
              onChange={(isOn) => setSearch({ match: isOn ? "any" : undefined })}
            />
            {search.seenBefore && (
              <FilterChip
                label="Last seen"
                value={`before ${exactTime(search.seenBefore)}`}
                onClear={() => setSearch({ seenBefore: undefined })}
              />
            )}
            {search.enrollmentTokenId && (
              <TokenFilter
                tokenId={search.enrollmentTokenId}
                onClear={() => setSearch({ enrollmentTokenId: undefined })}
              />
            )}
          </>
        }
        reference={useReference(search.q)}
        bulk={(sensors, clear, isAll) => (
          <SensorBulk sensors={sensors} filter={isAll ? filterOf(search) : undefined} onClear={clear} />
        )}
        canSelectMatching
        nameOf={(sensor) => sensor.hostname}
        defaultSort={{ sort: "hostname", order: "asc" }}
        list={useList(sensorList.query(search))}
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
