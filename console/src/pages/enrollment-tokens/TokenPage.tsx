import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet, useNavigate } from "@tanstack/react-router";
import { TextLink } from "../../components/links.tsx";
import { OpeningScope } from "../../components/OpeningScope.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { TokenStatusMark } from "../../components/statuses.tsx";
import tabs from "../../components/Tabs.module.css";
import { useRefreshAt } from "../../components/use-refresh-at.ts";
import { paths } from "../../paths.ts";
import { refreshMs, tokenQuery } from "../../queries.ts";
import { ActionsMenu } from "../../ui/ActionsMenu.tsx";
import { useTokenActions } from "./use-token-actions.tsx";

const route = getRouteApi("/app/sensors/tokens/$tokenId");

/** The frame of a token's tabs: its name, its status and its actions. */
export function TokenPage() {
  const { tokenId } = route.useParams();
  const navigate = useNavigate();
  const { data: token } = useSuspenseQuery({
    ...tokenQuery(tokenId),
    refetchInterval: refreshMs,
  });
  useRefreshAt([token.expiresAt], "enrollmentTokens");
  const { actionsFor, dialog } = useTokenActions(() => navigate(paths.enrollmentTokens()));
  return (
    <>
      <PageHeader
        manage="enrollment-tokens:manage"
        breadcrumb={<TextLink {...paths.enrollmentTokens()}>Enrollment Tokens</TextLink>}
        title={token.name}
        mark={<TokenStatusMark status={token.status} />}
        description={token.description || undefined}
        action={<ActionsMenu actions={actionsFor(token)} />}
      />
      <nav aria-label="Token" className={tabs.tabs}>
        <Link {...paths.enrollmentToken(tokenId)} className={tabs.tab} activeOptions={{ exact: true }}>
          Overview
        </Link>
        <Link {...paths.rollout(tokenId)} className={tabs.tab} activeOptions={{ includeSearch: false }}>
          Rollout
        </Link>
        <Link {...paths.enrollmentTokenHistory(tokenId)} className={tabs.tab}>
          History
        </Link>
      </nav>
      <OpeningScope key={tokenId} tokenId={tokenId}>
        <Outlet />
      </OpeningScope>
      {dialog}
    </>
  );
}
