// The filter chips of the list of sensors. The numbers beside the choices are of all sensors.
import type { listSensors } from "@attacklens/protocol/sensors.ts";
import { formatList, parseList } from "@attacklens/protocol/text-list.ts";
import { useQuery } from "@tanstack/react-query";
import { GroupFilter } from "../../components/GroupFilter.tsx";
import type { ListSearch } from "../../components/list-search.ts";
import { PLATFORM_NAMES } from "../../components/platform-names.ts";
import { filterOptions, SENSOR_STATUS_LOOKS } from "../../components/statuses.tsx";
import { useSetLine } from "../../components/use-list.ts";
import { FilterChip, FilterMenu, FilterToggle, MultiFilterMenu } from "../../ui/FilterMenu.tsx";
import { countOf } from "../../ui/numbers.ts";
import { exactTime } from "../../ui/time.ts";
import { sensorCountsQuery } from "./sensor-queries.ts";
import { TokenFilter } from "./TokenFilter.tsx";

const STATUSES = filterOptions(SENSOR_STATUS_LOOKS);
const PLATFORMS = Object.entries(PLATFORM_NAMES).map(([value, label]) => ({ value, label }));
const SILENCES = ["1d", "7d", "30d"];
const UNITS = { m: "minute", h: "hour", d: "day" };

export function SensorFilters({ search }: { search: ListSearch<typeof listSensors> }) {
  const setSearch = useSetLine();
  const { data: counts } = useQuery({ ...sensorCountsQuery, staleTime: 60_000 });
  const numbers = new Map<string, number>([
    ...(counts?.byStatus ?? []).map(({ status, sensors }) => [status, sensors] as const),
    ...(counts?.byPlatform ?? []).map(({ platform, sensors }) => [platform, sensors] as const),
  ]);
  const withCounts = (options: typeof PLATFORMS) =>
    options.map((option) => ({ ...option, count: counts && (numbers.get(option.value) ?? 0) }));
  const chooser = (name: "status" | "platform" | "version" | "tag") => ({
    values: parseList(search[name] ?? "")?.filter(Boolean) ?? [],
    onChange: (values: string[]) =>
      setSearch({ [name]: values.length === 0 ? undefined : formatList(values) }),
  });
  const silences = [...new Set([...SILENCES, ...(search.notSeenFor ? [search.notSeenFor] : [])])];
  return (
    <>
      <MultiFilterMenu label="Status" options={withCounts(STATUSES)} {...chooser("status")} />
      <MultiFilterMenu label="Operating system" options={withCounts(PLATFORMS)} {...chooser("platform")} />
      <MultiFilterMenu
        label="Version"
        options={(counts?.byVersion ?? []).map(({ version, sensors }) => ({
          ...{ value: version, label: version, count: sensors },
        }))}
        {...chooser("version")}
      />
      <MultiFilterMenu
        label="Tag"
        options={(counts?.tags ?? []).map((tag) => ({ value: tag, label: tag }))}
        {...chooser("tag")}
      />
      <FilterMenu
        label="Not seen for"
        value={search.notSeenFor}
        options={silences.map((value) => ({ value, label: durationOf(value) }))}
        onChange={(notSeenFor) => setSearch({ notSeenFor })}
      />
      <GroupFilter value={search.assetGroupId} onChange={(id) => setSearch({ assetGroupId: id })} />
      <FilterToggle
        label="Possible duplicates"
        isOn={search.match === "any"}
        onChange={(isOn) => setSearch({ match: isOn ? "any" : undefined })}
      />
      {search.address && (
        <FilterChip
          label="Address"
          value={search.address}
          onClear={() => setSearch({ address: undefined })}
        />
      )}
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
  );
}

const durationOf = (text: string) =>
  countOf(Number.parseInt(text, 10), UNITS[text.at(-1) as keyof typeof UNITS]);
