import { type createEnrollmentToken, MAX_ENROLLMENTS } from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import { Input, NumberInput, Radio, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { FormDialog } from "../../components/FormDialog.tsx";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { ExpiryField } from "./ExpiryField.tsx";
import { daysFrom, expiryError, fromWallClock, toWallClock } from "./expiry.ts";
import { GroupSelect } from "./GroupSelect.tsx";

export type TokenRequest = RouteRequest<typeof createEnrollmentToken>["body"];

interface TokenFormProps {
  onSubmit: (request: TokenRequest) => Promise<void>;
  onClose: () => void;
}

type Machines = "one" | "number" | "unlimited";

interface Values {
  machines: Machines;
  /** Uses, when a number of machines is expected. */
  maxEnrollments: number | string;
  name: string;
  scope: "all-assets" | "asset-group";
  assetGroupId: string | null;
  expiry: "none" | "date";
  /** Wall clock, own zone. */
  expiresAt: string | null;
}

export function TokenForm({ onSubmit, onClose }: TokenFormProps) {
  const form = useForm<Values>({
    initialValues: {
      machines: "unlimited",
      maxEnrollments: 10,
      name: "",
      scope: "all-assets",
      assetGroupId: null,
      expiry: "none",
      expiresAt: null,
    },
    validate: {
      maxEnrollments: (uses, { machines }) =>
        machines === "number" &&
        !(Number.isInteger(uses) && Number(uses) >= 1 && Number(uses) <= MAX_ENROLLMENTS)
          ? `Enter a whole number from 1 to ${MAX_ENROLLMENTS}`
          : null,
      name: (name) => (name.trim() ? null : "Enter a name"),
      assetGroupId: (id, { scope }) => (scope === "asset-group" && !id ? "Choose an Asset Group" : null),
      expiresAt: (text, { expiry }) => (expiry === "date" ? (expiryError(text, new Date()) ?? null) : null),
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  const { values } = form;
  const [proposal, setProposal] = useState<string>();

  function chooseMachines(machines: Machines) {
    form.setFieldValue("machines", machines);
    // A date that the person chose stays.
    if (form.isDirty("expiresAt") && values.expiresAt !== proposal) return;
    const days = PROPOSED_DAYS[machines];
    const proposed = toWallClock(daysFrom(new Date(), days));
    setProposal(proposed);
    form.setFieldValue("expiry", "date");
    form.setFieldValue("expiresAt", proposed);
  }

  return (
    <FormDialog
      title="Create Enrollment Token"
      submit="Create Token"
      onSubmit={form.onSubmit((sent) => submit(() => onSubmit(toRequest(sent))))}
      onClose={onClose}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason}
    >
      <Input.Wrapper
        label="How many machines?"
        labelElement="div"
        description={MACHINES_WORDS[values.machines]}
      >
        <SegmentedControl
          mt={6}
          fullWidth
          aria-label="How many machines?"
          data={[
            { value: "one", label: "One" },
            { value: "number", label: "A number" },
            { value: "unlimited", label: "Unlimited" },
          ]}
          value={values.machines}
          onChange={(text) => chooseMachines(text as Machines)}
        />
      </Input.Wrapper>
      {values.machines === "number" && (
        <NumberInput
          label="Uses"
          description="With some to spare: a machine that is installed anew takes another use"
          min={1}
          max={MAX_ENROLLMENTS}
          allowDecimal={false}
          allowNegative={false}
          {...form.getInputProps("maxEnrollments")}
        />
      )}
      <TextInput
        label="Name"
        required
        data-autofocus
        maxLength={100}
        placeholder="Production Servers - US East"
        description="Tells the target apart, such as “Development Workstations” or “One-time deploy - server42”"
        inputWrapperOrder={["label", "input", "description", "error"]}
        {...form.getInputProps("name")}
      />
      <Radio.Group label="Scope" {...form.getInputProps("scope")}>
        <Stack gap={6} mt={6}>
          <Radio value="all-assets" label="All assets" description="Sensors are put in no group" />
          <Radio
            value="asset-group"
            label="Specific Asset Group"
            description="Sensors that enroll with it land in the group"
          />
        </Stack>
      </Radio.Group>
      {values.scope === "asset-group" && (
        <Stack pl={28} mt={-8}>
          <GroupSelect
            value={values.assetGroupId}
            onChange={(id) => form.setFieldValue("assetGroupId", id)}
            error={form.errors.assetGroupId as string | undefined}
          />
        </Stack>
      )}
      <ExpiryField
        kind={values.expiry}
        onKind={(kind) => form.setFieldValue("expiry", kind)}
        value={values.expiresAt}
        onValue={(at) => form.setFieldValue("expiresAt", at)}
        error={form.errors.expiresAt as string | undefined}
      />
    </FormDialog>
  );
}

/** How long the token lives unless the person says otherwise. */
const PROPOSED_DAYS: Record<Machines, number> = { one: 1, number: 7, unlimited: 7 };

const MACHINES_WORDS: Record<Machines, string> = {
  one: "It brings in one sensor, and is used up then",
  number: "It brings in so many sensors at the most",
  unlimited: "It brings in any number of sensors",
};

function toRequest(values: Values): TokenRequest {
  const { assetGroupId } = values;
  return {
    name: values.name.trim(),
    maxEnrollments:
      values.machines === "unlimited" ? null : values.machines === "one" ? 1 : Number(values.maxEnrollments),
    scope:
      values.scope === "asset-group" && assetGroupId
        ? { type: "asset-group", assetGroupId }
        : { type: "all-assets" },
    expiresAt: values.expiry === "date" ? (fromWallClock(values.expiresAt)?.toISOString() ?? null) : null,
  };
}
