import { getEnrollmentToken, rotateEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { apiQuery, connectionQuery, refresh } from "../../queries.ts";
import { ExpiryField } from "./ExpiryField.tsx";
import { daysFrom, expiryError, fromWallClock, toWallClock } from "./expiry.ts";
import { type CreatedToken, TokenValueDialog } from "./TokenValueDialog.tsx";
import { PROPOSED_DAYS } from "./token-values.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/token-overview/rotate");

/** How long the old token goes on, in days. */
const OVERLAPS = [
  { days: 0, label: "Stops now" },
  { days: 1, label: "Works for 1 more day" },
  { days: 7, label: "Works for 7 more days" },
  { days: 30, label: "Works for 30 more days" },
] as const;

/** A successor with the same settings and a value of its own, shown once. */
export function RotateTokenDialog() {
  const { tokenId } = route.useParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { data: token } = useSuspenseQuery(apiQuery(getEnrollmentToken, { params: { id: tokenId } }));
  const [created, setCreated] = useState<CreatedToken>();
  const [createSuccessor] = useState(() => openCreation(rotateEnrollmentToken));
  const form = useForm({
    initialValues: {
      name: successorName(token.name),
      overlap: "7",
      expiry: (token.expiresAt === null ? "none" : "date") as "none" | "date",
      expiresAt: toWallClock(daysFrom(new Date(), PROPOSED_DAYS.unlimited)) as string | null,
    },
    validate: {
      name: (name) => (name.trim() ? null : "Enter a name"),
      expiresAt: (text, { expiry }) => (expiry === "date" ? (expiryError(text, new Date()) ?? null) : null),
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const { values } = form;
  const close = (id: string) => void navigate({ ...paths.enrollmentToken(id), replace: true });

  async function rotate(sent: typeof values) {
    const { name, overlap, expiry, expiresAt } = sent;
    const connection = await queryClient.query(connectionQuery);
    const { enrollmentToken, value } = await createSuccessor([tokenId, sent], () => ({
      params: { id: tokenId },
      body: {
        name: name.trim(),
        expiresAt: expiry === "date" ? (fromWallClock(expiresAt)?.toISOString() ?? null) : null,
        oldExpiresAt: daysFrom(new Date(), Number(overlap)).toISOString(),
      },
    }));
    setCreated({ token: enrollmentToken, value, connection });
    void refresh(queryClient, "enrollmentTokens", "assetGroups");
  }

  if (created) {
    return (
      <TokenValueDialog
        created={created}
        onForget={() => setCreated(undefined)}
        onClose={() => close(created.token.id)}
      />
    );
  }
  return (
    <FormDialog
      title="Rotate Enrollment Token"
      submit="Create successor"
      onSubmit={form.onSubmit((sent) => submit(() => rotate(sent)))}
      onClose={() => close(tokenId)}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason(token.can.rotate)}
    >
      <TextInput
        label="Name of the successor"
        required
        data-autofocus
        maxLength={100}
        description="It has the scope, limits and tags of the old token, and a value of its own"
        inputWrapperOrder={["label", "input", "description", "error"]}
        {...form.getInputProps("name")}
      />
      <ExpiryField
        kind={values.expiry}
        onKind={(kind) => form.setFieldValue("expiry", kind)}
        value={values.expiresAt}
        onValue={(at) => form.setFieldValue("expiresAt", at)}
        error={form.errors.expiresAt as string | undefined}
      />
      <Radio.Group
        label={`The old token, “${token.name}”`}
        description="Never longer than its own expiry. Its page shows who still uses it; sensors stay enrolled."
        {...form.getInputProps("overlap")}
      >
        <Stack gap={6} mt={6}>
          {OVERLAPS.map(({ days, label }) => (
            <Radio key={days} value={String(days)} label={label} />
          ))}
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}

/** `Production 2` after `Production`, `Production 3` after that. */
function successorName(name: string): string {
  const [, stem = name, number] = /^(.*\S) (\d{1,6})$/.exec(name) ?? [];
  return `${stem.slice(0, 92)} ${number === undefined ? 2 : Number(number) + 1}`;
}
