import { getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { Stack } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { TextLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { TokenStatusMark } from "../../components/statuses.tsx";
import { paths } from "../../paths.ts";
import { apiQuery, REFRESH_MS } from "../../queries.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { CopyText } from "../../ui/CopyText.tsx";
import { type Fact, Facts } from "../../ui/Facts.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { countOf } from "../../ui/numbers.ts";
import { PageBody } from "../../ui/PageBody.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { exactTime } from "../../ui/time.ts";
import { TokenAttempts } from "./TokenAttempts.tsx";
import { TokenScope } from "./TokenScope.tsx";
import { enrolledText, WARNING_WORDS } from "./token-words.ts";
import { useTokenActions } from "./use-token-actions.tsx";

const listFact = (label: string, items: string[]): Fact[] =>
  items.length === 0 ? [] : [{ label, value: items.join(", ") }];

const route = getRouteApi("/app/sensors/tokens/$tokenId");

export function TokenPage() {
  const { tokenId } = route.useParams();
  const navigate = useNavigate();
  const { data: token } = useSuspenseQuery({
    ...apiQuery(getEnrollmentToken, { params: { id: tokenId } }),
    refetchInterval: REFRESH_MS,
  });
  const { actionsFor, dialog } = useTokenActions(() => navigate(paths.enrollmentTokens()));
  const facts: Fact[] = [
    { label: "Scope", value: <TokenScope scope={token.scope} /> },
    {
      label: "Enrolled sensors",
      value: (
        <TextLink {...paths.sensors({ enrollmentTokenId: token.id })}>
          {token.maxEnrollments === null ? countOf(token.enrolledSensors, "sensor") : enrolledText(token)}
        </TextLink>
      ),
    },
    { label: "Expiry", value: token.expiresAt ? exactTime(token.expiresAt) : "No expiry" },
    { label: "Last used", value: token.lastUsedAt ? <RelativeTime at={token.lastUsedAt} /> : "Never" },
    { label: "Created", value: exactTime(token.createdAt) },
    { label: "Created by", value: token.createdBy },
    ...(token.revokedAt
      ? [
          { label: "Revoked", value: exactTime(token.revokedAt) },
          { label: "Revoked by", value: token.revokedBy ?? "Unknown" },
        ]
      : []),
    ...(token.pausedAt
      ? [
          { label: "Paused", value: exactTime(token.pausedAt) },
          { label: "Paused by", value: token.pausedBy ?? "Unknown" },
        ]
      : []),
    ...(token.description ? [{ label: "Description", value: token.description }] : []),
    ...listFact("Allowed networks", token.allowedNetworks),
    ...listFact("Allowed hostnames", token.allowedHostnames),
    ...listFact("Tags", token.tags),
    ...(token.requireApproval ? [{ label: "Approval", value: "A person approves each sensor" }] : []),
    ...(token.ephemeralHours
      ? [{ label: "Ephemeral", value: `Removed after ${countOf(token.ephemeralHours, "hour")} offline` }]
      : []),
    { label: "Value ends in", value: <code>…{token.hint}</code> },
    { label: "Token ID", value: <CopyText value={token.id} name="token ID" short /> },
  ];
  return (
    <>
      <PageHeader
        breadcrumb={<TextLink {...paths.enrollmentTokens()}>Enrollment Tokens</TextLink>}
        title={token.name}
        mark={<TokenStatusMark status={token.status} />}
        action={actionsFor(token).map((action) => (
          <ActionButton
            key={action.label}
            variant="default"
            {...(action.danger && !action.disabledReason ? { c: "var(--mantine-color-error)" } : {})}
            onClick={action.onSelect}
            disabledReason={action.disabledReason}
          >
            {action.label}
          </ActionButton>
        ))}
      />
      <PageBody>
        {token.warnings.length > 0 && (
          <Stack gap="xs" mb="sm">
            {token.warnings.map((warning) => (
              <Notice key={warning} kind="warning">
                {WARNING_WORDS[warning]}
              </Notice>
            ))}
          </Stack>
        )}
        <Facts facts={facts} />
        <TokenAttempts tokenId={token.id} />
      </PageBody>
      {dialog}
    </>
  );
}
