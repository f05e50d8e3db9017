import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { Autocomplete } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { apiQuery } from "../queries.ts";
import { usePermissionReason } from "./use-permission.ts";

interface GroupFieldProps {
  /** The typed name of an asset group, which may not exist yet. */
  value: string;
  onChange: (name: string) => void;
  error?: string | undefined;
}

/** Chooses an asset group or names a new one. The server searches, because there can be thousands. */
export function GroupField({ value, onChange, error }: GroupFieldProps) {
  const name = value.trim();
  const [searched] = useDebouncedValue(name, 200);
  const { data: page, isPlaceholderData } = useQuery({
    ...apiQuery(listAssetGroups, { query: { limit: 50, ...(searched ? { q: searched } : {}) } }),
    placeholderData: keepPreviousData,
  });
  const mayCreate = usePermissionReason("assets:manage") === undefined;
  const groups = page?.items ?? [];
  const isKnown = page !== undefined && searched === name && !isPlaceholderData;
  const isNew = name !== "" && isKnown && !groups.some((group) => isNameOf(group, name));
  const newText = mayCreate
    ? `A new asset group “${name}” will be created.`
    : "No asset group has this name.";
  return (
    <Autocomplete
      aria-label="Asset Group"
      placeholder="Choose an asset group, or name a new one"
      maxLength={100}
      data={groups.map((group) => group.name)}
      filter={({ options }) => options}
      value={value}
      onChange={onChange}
      description={<span role="status">{isNew ? newText : ""}</span>}
      inputWrapperOrder={["label", "input", "description", "error"]}
      error={error}
    />
  );
}

/** Names that differ only in case are the same name for the server. */
export function isNameOf(group: { name: string }, typed: string): boolean {
  const form = (name: string) => name.trim().normalize("NFKC").toLowerCase();
  return form(group.name) === form(typed);
}
