import { getRollout, MAX_EXPECTED_HOSTS, setRollout } from "@attacklens/protocol/rollout.ts";
import { FileButton, Group, NumberInput, Radio, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { callApi } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { apiQuery, refresh } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { countOf } from "../../ui/numbers.ts";
import { parseHostnames } from "./rollout-csv.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/rollout/expected");

/** Above the text of the longest list there may be. */
const MAX_FILE_BYTES = 3 * 1024 * 1024;

/** Says which machines are expected: hostnames, pasted or from a file, a number, or nothing. */
export function ExpectedMachinesDialog() {
  const { tokenId } = route.useParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { data: rollout } = useSuspenseQuery(apiQuery(getRollout, { params: { id: tokenId } }));
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  const [initialValues] = useState(() => ({
    type: (rollout.expected !== null && rollout.hosts.length === 0 ? "number" : "hostnames") as
      | "hostnames"
      | "number"
      | "none",
    hostnames: rollout.hosts.map(({ hostname }) => hostname).join("\n"),
    machines: (rollout.expected ?? 10) as number | string,
  }));
  const form = useForm({
    initialValues,
    validate: {
      hostnames: (text, { type }) => {
        const count = type === "hostnames" ? parseHostnames(text).length : 1;
        if (count === 0) return "Enter at least one hostname";
        return count > MAX_EXPECTED_HOSTS ? `Must be at most ${MAX_EXPECTED_HOSTS} hostnames` : null;
      },
      machines: (machines, { type }) =>
        type === "number" && !(Number(machines) >= 1) ? "Enter a whole number from 1 on" : null,
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const { values } = form;
  const close = () => navigate({ ...paths.rollout(tokenId), search: true, replace: true });

  async function send({ type, hostnames, machines }: typeof values) {
    const body =
      type === "hostnames"
        ? { type, hostnames: parseHostnames(hostnames) }
        : type === "number"
          ? { type, machines: Number(machines) }
          : { type };
    await callApi(setRollout, { params: { id: tokenId }, body });
    await refresh(queryClient, "rollout");
    await close();
  }
  async function read(file: File | null) {
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) return form.setFieldError("hostnames", "The file is larger than 3 MB");
    form.setFieldValue("hostnames", await file.text());
  }
  const count = parseHostnames(values.hostnames).length;
  return (
    <FormDialog
      title="Expected machines"
      submit="Save"
      onSubmit={form.onSubmit((sent) => submit(() => send(sent)))}
      onClose={() => void close()}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason}
    >
      <Radio.Group label="What is known of them?" {...form.getInputProps("type")}>
        <Stack gap={6} mt={6}>
          <Radio value="hostnames" label="Their hostnames" />
          <Radio value="number" label="How many they are" />
          <Radio value="none" label="Nothing: no rollout is watched" />
        </Stack>
      </Radio.Group>
      {values.type === "hostnames" && (
        <Stack gap="xs">
          <Textarea
            label="Hostnames"
            description="One a line, or between commas"
            autosize
            minRows={6}
            maxRows={12}
            spellCheck={false}
            {...form.getInputProps("hostnames")}
          />
          <Group justify="space-between">
            <Text size="sm" c="dimmed" aria-live="polite">
              {countOf(count, "machine")}
            </Text>
            <FileButton onChange={read} accept=".csv,.txt,text/plain,text/csv">
              {({ onClick }) => (
                <ActionButton variant="default" onClick={onClick}>
                  Read from a file
                </ActionButton>
              )}
            </FileButton>
          </Group>
        </Stack>
      )}
      {values.type === "number" && (
        <NumberInput
          label="Machines"
          min={1}
          max={1_000_000}
          allowDecimal={false}
          allowNegative={false}
          {...form.getInputProps("machines")}
        />
      )}
    </FormDialog>
  );
}
