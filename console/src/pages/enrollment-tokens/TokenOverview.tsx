import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { describeTokenSetting, TOKEN_SETTINGS } from "@attacklens/protocol/token-settings.ts";
import { Stack } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { ArrivalsPanel } from "../../components/ArrivalsPanel.tsx";
import { TextLink } from "../../components/links.tsx";
import { enrolledText, IMMINENT, WARNING_TEXTS } from "../../components/token-words.ts";
import { paths } from "../../paths.ts";
import { tokenQuery } from "../../queries.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { type Fact, Facts } from "../../ui/Facts.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { countOf } from "../../ui/numbers.ts";
import { PageBody } from "../../ui/PageBody.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { exactTime } from "../../ui/time.ts";
import { RolloutProgress } from "./RolloutProgress.tsx";
import { TokenAttempts } from "./TokenAttempts.tsx";
import { TokenConnection } from "./TokenConnection.tsx";
import { TokenScope } from "./TokenScope.tsx";
import { usePreview } from "./token-queries.ts";
import { FORM_SETTING_NAMES } from "./token-values.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId");

export function TokenOverview() {
  const { tokenId } = route.useParams();
  const { data: token } = useSuspenseQuery(tokenQuery(tokenId));
  return (
    <PageBody spaced>
      {(token.warnings.length > 0 || token.rotatedTo) && (
        <Stack gap="xs" mb="sm">
          {token.rotatedTo && <Rotated token={token} to={token.rotatedTo} />}
          {token.warnings.map((warning) => (
            <Notice key={warning} kind="warning" isImminent={IMMINENT.has(warning)}>
              {WARNING_TEXTS[warning]}
            </Notice>
          ))}
        </Stack>
      )}
      <RolloutProgress tokenId={tokenId} />
      <Facts facts={factsOf(token)} />
      <ArrivalsPanel tokenId={tokenId} />
      {token.revokedAt === null && <TokenConnection tokenId={token.id} />}
      <TokenAttempts token={token} />
      <Outlet />
    </PageBody>
  );
}

/** The token that replaces this one, and how many sensors have enrolled with this one since. */
function Rotated({ token, to }: { token: EnrollmentToken; to: { id: string; name: string } }) {
  const { data: successor } = useQuery(tokenQuery(to.id));
  const { data: since } = usePreview(token.id, successor ? { since: successor.createdAt } : {});
  const late = successor && since ? since.toBlock : 0;
  return (
    <Notice kind="info">
      Rotated to <TextLink {...paths.enrollmentToken(to.id)}>{to.name}</TextLink>.{" "}
      {token.expiresAt && (
        <>
          This token {token.status === "expired" ? "expired on" : "is valid until"}{" "}
          {exactTime(token.expiresAt)}.{" "}
        </>
      )}
      {late === 0
        ? "No sensors have enrolled with it since then."
        : `${countOf(late, "sensor has", "sensors have")} enrolled with it since then: see the attempts below.`}
    </Notice>
  );
}

function factsOf(token: EnrollmentToken): Fact[] {
  return [
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
    ...(token.rotatedFrom
      ? [
          {
            label: "Rotated from",
            value: (
              <TextLink {...paths.enrollmentToken(token.rotatedFrom.id)}>{token.rotatedFrom.name}</TextLink>
            ),
          },
        ]
      : []),
    ...FORM_SETTING_NAMES.flatMap((name) => {
      const value = describeTokenSetting(name, token[name]);
      return value === undefined ? [] : [{ label: TOKEN_SETTINGS[name].label, value }];
    }),
    { label: "Value ends in", value: <code>…{token.hint}</code> },
    { label: "Token ID", value: <CopyText value={token.id} name="token ID" short /> },
  ];
}
