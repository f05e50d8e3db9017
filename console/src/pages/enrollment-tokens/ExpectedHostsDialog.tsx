import { setRollout } from "@attacklens/protocol/rollout.ts";
import { FileButton, Group, NumberInput, Radio, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { callApi } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { countOf } from "../../ui/numbers.ts";
import { parseHostnames } from "./rollout-csv.ts";
import { rolloutQuery } from "./token-queries.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/rollout/expected");

/** More than the longest valid list. */
const MAX_FILE_BYTES = 3 * 1024 * 1024;

interface ExpectedValues {
  type: "hostnames" | "number" | "none";
  hostnames: string;
  machines: number | string;
}

function toBody({ type, hostnames, machines }: ExpectedValues) {
  if (type === "hostnames") return { type, hostnames: parseHostnames(hostnames) };
  return type === "number" ? { type, machines: Number(machines) } : { type };
}

const validate = validateBody<ExpectedValues>({ schema: setRollout.body, toBody });

/** Sets the hosts that a rollout expects: hostnames, pasted or from a file, or only their number. */
export function ExpectedHostsDialog() {
  const { tokenId } = route.useParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { data: rollout } = useSuspenseQuery(rolloutQuery(tokenId));
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  const [initialValues] = useState(
    (): ExpectedValues => ({
      type: rollout.expected !== null && rollout.hosts.length === 0 ? "number" : "hostnames",
      hostnames: rollout.hosts.map(({ hostname }) => hostname).join("\n"),
      machines: rollout.expected ?? 10,
    }),
  );
  const form = useForm({ initialValues, validate });
  const { submit, isSubmitting, error } = useSubmit(form);
  const { values } = form;
  const close = () => navigate({ ...paths.rollout(tokenId), search: true, replace: true });

  async function send(sent: ExpectedValues) {
    await callApi(setRollout, { params: { id: tokenId }, body: toBody(sent) });
    await refresh(queryClient, "rollout");
    await close();
  }
  async function read(file: File | null) {
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) return form.setFieldError("hostnames", "The file is larger than 3 MiB");
    form.setFieldValue("hostnames", await file.text());
  }
  const count = parseHostnames(values.hostnames).length;
  return (
    <FormDialog
      title="Expected hosts"
      submit="Save"
      onSubmit={form.onSubmit((sent) => submit(() => send(sent)))}
      onClose={() => void close()}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason}
    >
      <Radio.Group label="Hosts that will enroll" {...form.getInputProps("type")}>
        <Stack gap={6} mt={6}>
          <Radio value="hostnames" label="List of hostnames" />
          <Radio value="number" label="Number of hosts" />
          <Radio value="none" label="None: stop tracking the rollout" />
        </Stack>
      </Radio.Group>
      {values.type === "hostnames" && (
        <Stack gap="xs">
          <Textarea
            label="Hostnames"
            description="One per line, or separated by commas"
            autosize
            data-autofocus
            minRows={6}
            maxRows={12}
            spellCheck={false}
            {...form.getInputProps("hostnames")}
          />
          <Group justify="space-between">
            <Text size="sm" c="dimmed" aria-live="polite">
              {countOf(count, "host")}
            </Text>
            <FileButton onChange={read} accept=".csv,.txt,text/plain,text/csv">
              {({ onClick }) => (
                <ActionButton variant="default" onClick={onClick}>
                  Read from file
                </ActionButton>
              )}
            </FileButton>
          </Group>
        </Stack>
      )}
      {values.type === "number" && (
        <NumberInput
          label="Number"
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
