import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { apiQuery } from "../../queries.ts";

interface RingGroupsFieldProps {
  /** The groups of the ring, whose names are known. */
  known: readonly { id: string; name: string }[];
  value?: string[];
  onChange?: (ids: string[]) => void;
  error?: string;
}

/** Chooses asset groups. The server searches, because there can be thousands. */
export function RingGroupsField({ known, value = [], onChange, error }: RingGroupsFieldProps) {
  const [text, setText] = useState("");
  const [searched] = useDebouncedValue(text.trim(), 200);
  const [seen, setSeen] = useState(new Map(known.map(({ id, name }) => [id, name])));
  const { data: page } = useQuery({
    ...apiQuery(listAssetGroups, { query: { limit: 50, ...(searched ? { q: searched } : {}) } }),
    placeholderData: keepPreviousData,
  });
  const found = (page?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const chosen = value.filter((id) => !found.some((one) => one.value === id));
  const options = [...chosen.map((id) => ({ value: id, label: seen.get(id) ?? id })), ...found];
  function choose(ids: string[]) {
    setSeen(new Map([...seen, ...options.map(({ value: id, label }) => [id, label] as const)]));
    onChange?.(ids);
  }
  return (
    <MultiSelect
      label="Asset Groups"
      description="The hosts of these groups. A group that is in another ring moves to this one."
      inputWrapperOrder={["label", "input", "description", "error"]}
      placeholder={value.length === 0 ? "Choose asset groups" : ""}
      searchable
      searchValue={text}
      onSearchChange={setText}
      filter={({ options: all }) => all}
      hidePickedOptions
      nothingFoundMessage="No asset groups match"
      data={options}
      value={value}
      onChange={choose}
      error={error}
    />
  );
}
