import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { Button, Group, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { validateBody } from "../../components/form-schema.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useSubmit } from "../../components/use-submit.ts";
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

/** Chooses an asset group or creates one. The server searches, because there can be thousands of groups. */
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
        placeholder="Choose an asset group"
        searchable
        searchValue={text}
        onSearchChange={setText}
        filter={({ options: all }) => all}
        data={chosen && !options.some((one) => one.value === chosen.value) ? [chosen, ...options] : options}
        nothingFoundMessage="No asset groups match"
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

const validate = validateBody<{ name: string }>({ schema: createAssetGroup.body });

/**
 * It is inside another form, so it handles Enter itself: Enter creates the group and does not submit that
 * form.
 */
function NewGroup({ name, onCreated, onCancel, error }: NewGroupProps) {
  const form = useForm({ initialValues: { name }, validate });
  const { submit, isSubmitting, error: refusal } = useSubmit(form, "name");
  const [createGroup] = useState(() => openCreation(createAssetGroup));
  const queryClient = useQueryClient();
  async function create() {
    if (form.validate().hasErrors) return;
    await submit(async () => {
      const body = form.getValues();
      const group = await createGroup(body, () => ({ body }));
      await refresh(queryClient, "assetGroups");
      onCreated({ value: group.id, label: group.name });
    });
  }
  return (
    <Stack gap="xs">
      <TextInput
        label="Name of the new asset group"
        maxLength={100}
        {...form.getInputProps("name")}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          void create();
        }}
        error={form.errors.name ?? refusal ?? error}
      />
      <Group gap="xs">
        <Button variant="default" onClick={create} loading={isSubmitting}>
          Create asset group
        </Button>
        {onCancel && (
          <Button variant="subtle" color="gray" onClick={onCancel}>
            Choose an existing group
          </Button>
        )}
      </Group>
    </Stack>
  );
}
