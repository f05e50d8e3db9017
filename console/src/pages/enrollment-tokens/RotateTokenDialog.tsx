import { rotateEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { connectionQuery, refresh, tokenQuery } from "../../queries.ts";
import { ExpiryField } from "./ExpiryField.tsx";
import { daysFrom, expiryError, fromWallClock, toWallClock } from "./expiry.ts";
import { type CreatedToken, TokenValueDialog } from "./TokenValueDialog.tsx";
import { PROPOSED_DAYS } from "./token-values.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/token-overview/rotate");

interface RotateValues {
  name: string;
  overlap: string;
  expiry: "none" | "date";
  /** Wall-clock text in the time zone of the browser. */
  expiresAt: string | null;
}

function toBody({ name, overlap, expiry, expiresAt }: RotateValues) {
  return {
    name: name.trim(),
    expiresAt: expiry === "date" ? (fromWallClock(expiresAt)?.toISOString() ?? null) : null,
    oldExpiresAt: daysFrom(new Date(), Number(overlap)).toISOString(),
  };
}

const validate = validateBody<RotateValues>({ schema: rotateEnrollmentToken.body, toBody });

/** How long the old token stays valid. */
const OVERLAPS = [
  { days: 0, label: "Invalid immediately" },
  { days: 1, label: "Valid for 1 more day" },
  { days: 7, label: "Valid for 7 more days" },
  { days: 30, label: "Valid for 30 more days" },
] as const;

/** Creates a token with the same settings and a new value, which is shown once. */
export function RotateTokenDialog() {
  const { tokenId } = route.useParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { data: token } = useSuspenseQuery(tokenQuery(tokenId));
  const [created, setCreated] = useState<CreatedToken>();
  const [createSuccessor] = useState(() => openCreation(rotateEnrollmentToken));
  const [initialValues] = useState(
    (): RotateValues => ({
      name: successorName(token.name),
      overlap: "7",
      expiry: token.expiresAt === null ? "none" : "date",
      expiresAt: toWallClock(daysFrom(new Date(), PROPOSED_DAYS.unlimited)),
    }),
  );
  const form = useForm({
    initialValues,
    validate: (values) => {
      const expiry = values.expiry === "date" && expiryError(values.expiresAt, new Date());
      return { ...validate(values), ...(expiry ? { expiresAt: expiry } : {}) };
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const { values } = form;
  const close = (id: string) => void navigate({ ...paths.enrollmentToken(id), replace: true });

  async function rotate(sent: RotateValues) {
    const connection = await queryClient.query(connectionQuery);
    const { enrollmentToken, value } = await createSuccessor([tokenId, sent], () => ({
      params: { id: tokenId },
      body: toBody(sent),
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
      submit="Rotate token"
      onSubmit={form.onSubmit((sent) => submit(() => rotate(sent)))}
      onClose={() => close(tokenId)}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason(token.can.rotate)}
    >
      <TextInput
        label="Name of the new token"
        required
        data-autofocus
        maxLength={100}
        description="The new token has the same scope, limits and tags, and a new value"
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
        label={`Old token, “${token.name}”`}
        description="Its own expiry still applies. Its page shows the hosts that still use it. Enrolled sensors keep reporting."
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
