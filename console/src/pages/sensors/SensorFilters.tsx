// The filter chips of the list of sensors. The numbers beside the choices are of all sensors.
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import type { listSensors, Sensor } from "@attacklens/protocol/sensors.ts";
import { formatList, parseList } from "@attacklens/protocol/text-list.ts";
import { useQuery } from "@tanstack/react-query";
import { GroupFilter } from "../../components/GroupFilter.tsx";
import type { ListSearch } from "../../components/list-search.ts";
import { PLATFORM_NAMES } from "../../components/platform-names.ts";
import { filterOptions, SENSOR_STATUS_LOOKS } from "../../components/statuses.tsx";
import { useSetSearch } from "../../components/use-list.ts";
import { apiQuery } from "../../queries.ts";
import { FilterChip, FilterMenu, FilterToggle, MultiFilterMenu } from "../../ui/FilterMenu.tsx";
import { countOf } from "../../ui/numbers.ts";
import { exactTime } from "../../ui/time.ts";
import { sensorCountsQuery } from "./sensor-queries.ts";
import { TokenFilter } from "./TokenFilter.tsx";

const STATUSES = filterOptions(SENSOR_STATUS_LOOKS);
const PLATFORMS = Object.entries(PLATFORM_NAMES).map(([value, label]) => ({ value, label }));
const SILENCES = ["1d", "7d", "30d"];
const UNITS = { m: "minute", h: "hour", d: "day" };

export function SensorFilters({ search, sensors }: SensorFiltersProps) {
  const setSearch = useSetSearch();
  const { data: counts } = useQuery({ ...sensorCountsQuery, staleTime: 60_000 });
  const tags = useTags(sensors);
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
        options={tags.map((tag) => ({ value: tag, label: tag }))}
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

interface SensorFiltersProps {
  search: ListSearch<typeof listSensors>;
  /** The loaded rows. */
  sensors: readonly Sensor[];
}

const durationOf = (text: string) =>
  countOf(Number.parseInt(text, 10), UNITS[text.at(-1) as keyof typeof UNITS]);

/** The tags of the first 200 enrollment tokens, from which all tags come, and of the loaded rows. */
function useTags(sensors: readonly Sensor[]): string[] {
  const tokens = useQuery({
    ...apiQuery(listEnrollmentTokens, { query: { limit: 200 } }),
    staleTime: 60_000,
  });
  const tags = [...(tokens.data?.items ?? []), ...sensors].flatMap((one) => one.tags);
  return [...new Set(tags)].toSorted((one, other) => one.localeCompare(other));
}
