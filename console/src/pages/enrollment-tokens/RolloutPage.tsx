import { ROLLOUT_STATES, type Rollout } from "@attacklens/protocol/rollout.ts";
import { IconListCheck } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ButtonLink, TextLink } from "../../components/links.tsx";
import { useSetSearch } from "../../components/use-list.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { countOf, formatCount } from "../../ui/numbers.ts";
import { SegmentedBar } from "../../ui/SegmentedBar.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { RolloutHosts } from "./RolloutHosts.tsx";
import classes from "./RolloutPage.module.css";
import { RolloutTimeline } from "./RolloutTimeline.tsx";
import { progressText, segmentOf, statesOf, toggledStates } from "./rollout-states.ts";
import { rolloutQuery } from "./token-queries.ts";

const route = getRouteApi("/app/sensors/tokens/$tokenId/rollout");

/** The progress of a rollout, host by host if their hostnames are known. */
export function RolloutPage() {
  const { tokenId } = route.useParams();
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const { data: rollout } = useSuspenseQuery({
    ...rolloutQuery(tokenId),
    refetchInterval: refreshMs,
  });
  const timeline = (
    <RolloutTimeline
      tokenId={tokenId}
      range={search.range ?? "all"}
      onRange={(range) => setSearch({ range })}
    />
  );
  if (rollout.expected === null) {
    return (
      <>
        <StateMessage
          icon={<IconListCheck size={20} />}
          title="No expected hosts yet"
          action={<ExpectButton tokenId={tokenId} isPrimary />}
        >
          Enter the hostnames of the hosts that will enroll with this token, or their number. This page then
          shows which hosts have enrolled, which were refused, and which are missing.
        </StateMessage>
        {timeline}
        <Outlet />
      </>
    );
  }
  const hasHostnames = rollout.hosts.length > 0;
  return (
    <>
      {hasHostnames ? (
        <HostsBar rollout={rollout} tokenId={tokenId} />
      ) : (
        <NumberBar rollout={rollout} tokenId={tokenId} />
      )}
      {timeline}
      {hasHostnames && <RolloutHosts rollout={rollout} tokenId={tokenId} />}
      <Outlet />
    </>
  );
}

/** The bar of a list of hostnames. Its parts filter the table. */
function HostsBar({ rollout, tokenId }: { rollout: Rollout; tokenId: string }) {
  const { state } = route.useSearch();
  const setSearch = useSetSearch();
  return (
    <Head
      tokenId={tokenId}
      rollout={rollout}
      note={
        rollout.unexpected > 0 && (
          <TextLink
            {...paths.sensors({ enrollmentTokenId: tokenId })}
            title="They enrolled with this token, and their hostnames are not in the list"
          >
            {countOf(rollout.unexpected, "unexpected host")}
          </TextLink>
        )
      }
    >
      <SegmentedBar
        label="Expected hosts by state"
        noun="hosts"
        segments={ROLLOUT_STATES.map((one) => segmentOf(one, rollout))}
        chosen={statesOf(state)}
        onToggle={(toggled) => setSearch({ state: toggledStates(state, toggled) })}
      />
    </Head>
  );
}

/** The bar of a number of hosts. Only sensors can be listed, so its parts lead to their list. */
function NumberBar({ rollout, tokenId }: { rollout: Rollout; tokenId: string }) {
  const surplus = rollout.enrolled - (rollout.expected ?? 0);
  return (
    <Head
      tokenId={tokenId}
      rollout={rollout}
      note={surplus > 0 && `${formatCount(surplus)} more enrolled than expected`}
    >
      <SegmentedBar
        label="Expected hosts by state"
        noun="hosts"
        segments={(["reporting", "arrived", "missing"] as const).map((state) => segmentOf(state, rollout))}
        linkTo={(state, look) =>
          state === "missing" ? (
            <span {...look} role={look.children ? undefined : "img"} />
          ) : (
            <TextLink
              {...paths.sensors({
                enrollmentTokenId: tokenId,
                ...(state === "arrived" ? { status: "pending" } : {}),
              })}
              {...look}
              underline="never"
              c="inherit"
            />
          )
        }
      />
    </Head>
  );
}

interface HeadProps {
  tokenId: string;
  rollout: Rollout;
  note: ReactNode;
  children: ReactNode;
}

function Head({ tokenId, rollout, note, children }: HeadProps) {
  return (
    <div className={classes.head}>
      <div className={classes.headline}>
        <h2 className={classes.progress}>{progressText(rollout)}</h2>
        {note && <span className={classes.note}>{note}</span>}
        <div className={classes.actions}>
          <ExpectButton tokenId={tokenId} />
        </div>
      </div>
      {children}
    </div>
  );
}

function ExpectButton({ tokenId, isPrimary = false }: { tokenId: string; isPrimary?: boolean }) {
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  const look = { variant: isPrimary ? "filled" : "default" };
  if (disabledReason) return null;
  return (
    <ButtonLink {...look} {...paths.rolloutExpected(tokenId)} search={true}>
      Set expected hosts…
    </ButtonLink>
  );
}
