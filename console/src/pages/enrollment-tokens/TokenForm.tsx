import { Radio, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { FormDialog } from "../../components/FormDialog.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { Notice } from "../../ui/Notice.tsx";
import { ExpiryField } from "./ExpiryField.tsx";
import { daysFrom, expiryError, toWallClock } from "./expiry.ts";
import { GroupField } from "./GroupField.tsx";
import { LimitsFields } from "./LimitsFields.tsx";
import { MachinesField } from "./MachinesField.tsx";
import { PROPOSED_DAYS, type TokenValues, usesError } from "./token-values.ts";

interface TokenFormProps {
  title: string;
  submit: string;
  initialValues: TokenValues;
  /** What an offer of the ledger has changed in them: `10 more uses`. */
  proposed?: string[];
  /** Of the token that is changed: how many uses are spent. Absent: a new token. */
  spent?: number;
  onSubmit: (values: TokenValues) => Promise<void>;
  onClose: () => void;
  disabledReason: string | undefined;
}

/** The settings of a token, to create one or to change one. The scope is chosen once. */
export function TokenForm({ initialValues, proposed = [], spent, ...props }: TokenFormProps) {
  const isNew = spent === undefined;
  const form = useForm<TokenValues>({
    initialValues,
    validate: {
      expected: (_, values) => usesError(values),
      name: (name) => (name.trim() ? null : "Enter a name"),
      assetGroupId: (id, { scope }) => (scope === "asset-group" && !id ? "Choose an Asset Group" : null),
      expiresAt: (text, { expiry }) => {
        const isOld = !isNew && text === initialValues.expiresAt && proposed.length === 0;
        return expiry === "date" && !isOld ? (expiryError(text, new Date()) ?? null) : null;
      },
      ephemeralHours: (hours, { ephemeral }) =>
        ephemeral && !(Number(hours) >= 1) ? "Enter a number of hours" : null,
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const { values, errors } = form;
  const [isExpiryOwn, setExpiryOwn] = useState(!isNew);
  const errorOf = (name: keyof TokenValues) => errors[name] as string | undefined;

  function change(change: Partial<TokenValues>) {
    form.setValues(change);
    form.clearFieldError("expected");
    // A date that the person chose stays.
    if (!change.machines || isExpiryOwn) return;
    const expiresAt = toWallClock(daysFrom(new Date(), PROPOSED_DAYS[change.machines]));
    form.setValues({ expiry: "date", expiresAt });
  }
  function setExpiry(change: Partial<TokenValues>) {
    setExpiryOwn(true);
    form.setValues(change);
    form.clearFieldError("expiresAt");
  }
  const {
    allowedNetworks,
    allowedHostnames,
    tags,
    requireApproval,
    ephemeral,
    clonedHosts,
    reimagedHosts,
    reEnrollLost,
  } = initialValues;
  const hasRules = clonedHosts !== "approval" || reimagedHosts !== "ask" || reEnrollLost !== "new-pin";
  const hasLimits =
    allowedNetworks.length + allowedHostnames.length + tags.length > 0 ||
    requireApproval ||
    ephemeral ||
    hasRules;

  return (
    <FormDialog
      title={props.title}
      submit={props.submit}
      onSubmit={form.onSubmit((sent) => submit(() => props.onSubmit(sent)))}
      onClose={props.onClose}
      isDirty={form.isDirty() || proposed.length > 0}
      isSubmitting={isSubmitting}
      error={error ?? errorOf("maxEnrollments" as keyof TokenValues)}
      disabledReason={props.disabledReason}
    >
      {proposed.length > 0 && <Notice kind="info">Proposed below: {proposed.join(", ")}.</Notice>}
      <MachinesField values={values} onChange={change} error={errorOf("expected")} spent={spent} />
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
      <Textarea
        label="Description"
        maxLength={1_000}
        autosize
        minRows={1}
        maxRows={4}
        {...form.getInputProps("description")}
      />
      {isNew && (
        <>
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
              <GroupField
                value={values.assetGroupId}
                onChange={(id) => form.setFieldValue("assetGroupId", id)}
                error={errorOf("assetGroupId")}
              />
            </Stack>
          )}
        </>
      )}
      <ExpiryField
        kind={values.expiry}
        onKind={(expiry) => setExpiry({ expiry })}
        value={values.expiresAt}
        onValue={(expiresAt) => setExpiry({ expiresAt })}
        error={errorOf("expiresAt")}
      />
      <LimitsFields form={form} initiallyOpen={hasLimits} />
    </FormDialog>
  );
}
