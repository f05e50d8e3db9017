import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { useQuery } from "@tanstack/react-query";
import { apiQuery } from "../queries.ts";
import { FilterMenu } from "../ui/FilterMenu.tsx";
import { shortId } from "../ui/numbers.ts";

interface GroupFilterProps {
  value: string | undefined;
  onChange: (groupId: string | undefined) => void;
}

/** Filters by asset group. It offers the first 200 groups by name. */
export function GroupFilter({ value, onChange }: GroupFilterProps) {
  const { data } = useQuery({ ...apiQuery(listAssetGroups, { query: { limit: 200 } }), staleTime: 60_000 });
  const options = (data?.items ?? []).map((group) => ({ value: group.id, label: group.name }));
  if (value && !options.some((option) => option.value === value)) {
    options.unshift({ value, label: shortId(value) });
  }
  return <FilterMenu label="Asset Group" value={value} options={options} onChange={onChange} />;
}
