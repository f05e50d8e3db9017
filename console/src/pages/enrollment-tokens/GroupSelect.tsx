import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { apiQuery } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";

interface GroupSelectProps {
  value: string | null;
  onChange: (groupId: string | null) => void;
  error?: string | undefined;
}

/** One of the existing asset groups; the server searches, so that any number of them can exist. */
export function GroupSelect({ value, onChange, error }: GroupSelectProps) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<{ value: string; label: string }>();
  const [searched] = useDebouncedValue(text === chosen?.label ? "" : text.trim(), 200);
  const { data: page } = useQuery({
    ...apiQuery(listAssetGroups, { query: { limit: 50, ...(searched ? { q: searched } : {}) } }),
    placeholderData: keepPreviousData,
  });
  const options = (page?.items ?? []).map((group) => ({ value: group.id, label: group.name }));
  if (page?.total === 0 && !searched) {
    return (
      <Notice kind="info">
        No Asset Group exists yet. <TextLink {...paths.assetGroupNew()}>Create one first</TextLink>.
      </Notice>
    );
  }
  return (
    <Select
      aria-label="Asset Group"
      placeholder="Choose an Asset Group"
      searchable
      searchValue={text}
      onSearchChange={setText}
      filter={({ options: all }) => all}
      data={chosen && !options.some((one) => one.value === chosen.value) ? [chosen, ...options] : options}
      nothingFoundMessage="No Asset Group has this name"
      value={value}
      onChange={(id, option) => {
        setChosen(id && option ? { value: id, label: option.label } : undefined);
        onChange(id);
      }}
      error={error}
    />
  );
}
