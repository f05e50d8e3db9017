import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { GroupField } from "../../components/GroupField.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { Notice } from "../../ui/Notice.tsx";
import type { Obstacle } from "../../ui/obstacle.ts";
import { ExpiryField } from "./ExpiryField.tsx";
import { daysFrom, expiryError, toWallClock } from "./expiry.ts";
import { MoreOptions } from "./MoreOptions.tsx";
import { PROPOSED_DAYS, type TokenValues, toRequest } from "./token-values.ts";
import { UseLimitField } from "./UseLimitField.tsx";

const validate = validateBody<TokenValues>({
  schema: createEnrollmentToken.body,
  toBody: toRequest,
  renamed: { maxEnrollments: "expected" },
});

interface TokenFormProps {
  title: string;
  submit: string;
  initialValues: TokenValues;
  /** The suggested changes in the initial values, as text: `10 more uses`. */
  proposed?: string[];
  /** The uses that an existing token has spent. Absent: a new token. */
  spent?: number;
  onSubmit: (values: TokenValues) => Promise<void>;
  onClose: () => void;
  disabledReason: Obstacle | undefined;
}

const NAME_ADVICE =
  "Use one token for each environment or department, such as “Development Workstations” or “Finance Department Endpoints”";

/** Creates or changes a token. The scope of an existing token cannot change. */
export function TokenForm({ initialValues, proposed = [], spent, ...props }: TokenFormProps) {
  const isNew = spent === undefined;
  const form = useForm({
    initialValues,
    validate: (values) => {
      const isUnchanged = !isNew && values.expiresAt === initialValues.expiresAt && proposed.length === 0;
      const expiry = values.expiry === "date" && !isUnchanged && expiryError(values.expiresAt, new Date());
      return {
        ...validate(values),
        ...(expiry ? { expiresAt: expiry } : {}),
      };
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const { values, errors } = form;
  const [isExpiryChosen, setExpiryChosen] = useState(!isNew);
  const errorOf = (name: keyof TokenValues) => errors[name] as string | undefined;

  function change(change: Partial<TokenValues>) {
    form.setValues(change);
    form.clearFieldError("expected");
    // A date that the user chose is kept.
    if (!change.useLimit || isExpiryChosen) return;
    const expiresAt = toWallClock(daysFrom(new Date(), PROPOSED_DAYS[change.useLimit]));
    form.setValues({ expiry: "date", expiresAt });
  }
  function setExpiry(change: Partial<TokenValues>) {
    setExpiryChosen(true);
    form.setValues(change);
    form.clearFieldError("expiresAt");
  }

  return (
    <FormDialog
      title={props.title}
      submit={props.submit}
      onSubmit={form.onSubmit((sent) => submit(() => props.onSubmit(sent)))}
      onClose={props.onClose}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={props.disabledReason}
    >
      {proposed.length > 0 && (
        <Notice kind="info">Suggested changes are filled in: {proposed.join(", ")}.</Notice>
      )}
      <TextInput
        label="Name"
        required
        data-autofocus
        maxLength={100}
        placeholder="Production Servers - US East"
        description={NAME_ADVICE}
        inputWrapperOrder={["label", "input", "description", "error"]}
        {...form.getInputProps("name")}
      />
      {isNew && (
        <>
          <Radio.Group label="Scope" {...form.getInputProps("scope")}>
            <Stack gap={6} mt={6}>
              <Radio value="all-assets" label="All Assets" description="Sensors are not added to a group" />
              <Radio
                value="asset-group"
                label="Specific Asset Group"
                description="Sensors that enroll are added to this group"
              />
            </Stack>
          </Radio.Group>
          {values.scope === "asset-group" && (
            <Stack pl={28} mt={-8}>
              <GroupField
                value={values.assetGroupName}
                onChange={(assetGroupName) => form.setFieldValue("assetGroupName", assetGroupName)}
                error={errorOf("assetGroupName")}
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
      <UseLimitField values={values} onChange={change} error={errorOf("expected")} spent={spent} />
      <MoreOptions form={form} />
    </FormDialog>
  );
}
