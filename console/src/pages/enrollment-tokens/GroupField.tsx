import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { Button, Group, Select, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { openCreation, problemOf } from "../../api.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { apiQuery, refresh } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";

interface GroupFieldProps {
  value: string | null;
  onChange: (groupId: string | null) => void;
  error?: string | undefined;
}

interface Chosen {
  value: string;
  label: string;
}

/** One of the existing asset groups, or a new one; the server searches, so that any number of them can exist. */
export function GroupField({ value, onChange, error }: GroupFieldProps) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<Chosen>();
  const [isCreating, setCreating] = useState(false);
  const [searched] = useDebouncedValue(text === chosen?.label ? "" : text.trim(), 200);
  const { data: page } = useQuery({
    ...apiQuery(listAssetGroups, { query: { limit: 50, ...(searched ? { q: searched } : {}) } }),
    placeholderData: keepPreviousData,
  });
  const disabledReason = usePermissionReason("assets:manage");
  const options = (page?.items ?? []).map((group) => ({ value: group.id, label: group.name }));
  function choose(group: Chosen | undefined) {
    setChosen(group);
    setText(group?.label ?? "");
    onChange(group?.value ?? null);
    setCreating(false);
  }
  if (isCreating || (page?.total === 0 && !searched && !chosen)) {
    return (
      <NewGroup
        name={text === chosen?.label ? "" : text.trim()}
        onCreated={choose}
        error={error}
        {...(isCreating ? { onCancel: () => setCreating(false) } : {})}
      />
    );
  }
  return (
    <Group gap="xs" align="start" wrap="nowrap">
      <Select
        flex={1}
        aria-label="Asset Group"
        placeholder="Choose an Asset Group"
        searchable
        searchValue={text}
        onSearchChange={setText}
        filter={({ options: all }) => all}
        data={chosen && !options.some((one) => one.value === chosen.value) ? [chosen, ...options] : options}
        nothingFoundMessage="No Asset Group has this name"
        value={value}
        onChange={(id, option) => choose(id && option ? { value: id, label: option.label } : undefined)}
        error={error}
      />
      <ActionButton variant="default" onClick={() => setCreating(true)} disabledReason={disabledReason}>
        New group
      </ActionButton>
    </Group>
  );
}

interface NewGroupProps {
  name: string;
  onCreated: (group: Chosen) => void;
  onCancel?: () => void;
  error?: string | undefined;
}

/** Stands inside another form, so that Enter in it creates the group and does not send that form. */
function NewGroup({ name: initial, onCreated, onCancel, error }: NewGroupProps) {
  const [name, setName] = useState(initial);
  const [refusal, setRefusal] = useState<string>();
  const [isSending, setSending] = useState(false);
  const [createGroup] = useState(() => openCreation(createAssetGroup));
  const queryClient = useQueryClient();
  async function create() {
    if (!name.trim()) return setRefusal("Enter a name");
    setSending(true);
    try {
      const group = await createGroup(name, () => ({ body: { name: name.trim() } }));
      await refresh(queryClient, "assetGroups");
      onCreated({ value: group.id, label: group.name });
    } catch (thrown) {
      const problem = problemOf(thrown);
      setRefusal(problem.fields?.name ?? problem.detail);
      setSending(false);
    }
  }
  return (
    <Stack gap="xs">
      <TextInput
        label="Name of the new Asset Group"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          void create();
        }}
        error={refusal ?? error}
      />
      <Group gap="xs">
        <Button variant="default" onClick={create} loading={isSending}>
          Create group
        </Button>
        {onCancel && (
          <Button variant="subtle" color="gray" onClick={onCancel}>
            Choose an existing one
          </Button>
        )}
      </Group>
    </Stack>
  );
}
