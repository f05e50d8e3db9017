import { deployGuide } from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import { Group, Stack } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrivalsPanel } from "../../components/ArrivalsPanel.tsx";
import { deployFactsOf } from "../../components/deploy-facts.ts";
import { DEFAULT_GUIDE, GuideChoice } from "../../components/GuideChoice.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { OfferedRelease } from "../../components/OfferedRelease.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { Reach } from "../../components/Reach.tsx";
import { targetOf } from "../../components/sensor-commands.ts";
import { useSetSearch } from "../../components/use-list.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { connectionQuery, tokenQuery } from "../../queries.ts";
import { PageBody } from "../../ui/PageBody.tsx";
import { ChosenToken } from "./ChosenToken.tsx";
import { GuideArticle } from "./GuideArticle.tsx";
import { ProxyField } from "./ProxyField.tsx";
import { TokenChoice } from "./TokenChoice.tsx";

const route = getRouteApi("/app/sensors/deploy");

/** The guides that put sensors on hosts. The choice is in the URL. */
export function DeployPage() {
  const { guide: id = DEFAULT_GUIDE, token: tokenId, proxy } = route.useSearch();
  const setSearch = useSetSearch();
  const { data: connection } = useSuspenseQuery(connectionQuery);
  const { data: token, error } = useQuery({ ...tokenQuery(tokenId ?? ""), enabled: tokenId !== undefined });
  const { origin } = window.location;
  const guide = deployGuide(id, deployFactsOf(connection, origin, proxy));
  return (
    <>
      <PageHeader
        title="Deploy"
        manage="enrollment-tokens:manage"
        description="Put sensors on your hosts. Choose a platform and a tool, and follow the guide."
        action={<CreateToken />}
      />
      <PageBody>
        <Stack gap="md">
          <GuideChoice guide={id} onChange={(chosen) => setSearch({ guide: chosen })} />
          <Group gap="sm" align="start">
            <TokenChoice
              token={tokenId === undefined ? undefined : token}
              onChange={(chosen) => setSearch({ token: chosen })}
            />
            <ProxyField key={proxy} proxy={proxy} onChange={(entered) => setSearch({ proxy: entered })} />
          </Group>
          <Reach target={targetOf(connection, origin)} secret="token" />
          <OfferedRelease connection={connection} guide={id} />
          {tokenId !== undefined && <ChosenToken token={token} isMissing={error !== null} />}
        </Stack>
        {token && <ArrivalsPanel key={token.id} tokenId={token.id} />}
        <GuideArticle key={id} guide={guide} />
      </PageBody>
    </>
  );
}

function CreateToken() {
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  if (disabledReason) return null;
  return (
    <ButtonLink variant="default" {...paths.enrollmentTokenNew()}>
      Create Token
    </ButtonLink>
  );
}
