import type { Can } from "@attacklens/protocol/page.ts";
import { describeWindow } from "@attacklens/protocol/ring-settings.ts";
import type { UpdateRing } from "@attacklens/protocol/update-rings.ts";
import { Progress } from "@mantine/core";
import { Fragment } from "react";
import { TextLink } from "../../components/links.tsx";
import { RING_STATE_LOOKS } from "../../components/update-words.ts";
import { paths } from "../../paths.ts";
import { countOf, formatCount } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { RowMenu } from "../../ui/RowMenu.tsx";
import { Status } from "../../ui/Status.tsx";
import classes from "./RingList.module.css";
import { useRingActions } from "./use-ring-actions.tsx";

/** The rings in their order, each with its state and its progress. */
export function RingList({ rings, canReorder }: { rings: readonly UpdateRing[]; canReorder: Can }) {
  const { actionsFor, dialog } = useRingActions(rings, canReorder);
  return (
    <>
      <ol className={classes.rings}>
        {rings.map((ring) => {
          const look = RING_STATE_LOOKS[ring.state];
          return (
            <li key={ring.id} className={classes.ring}>
              <div className={classes.head}>
                <h3 className={classes.name}>{ring.name}</h3>
                <Status color={look.color}>{look.label}</Status>
                <span className={classes.target}>{targetOf(ring)}</span>
                <span className={classes.menu}>
                  <RowMenu name={ring.name} actions={actionsFor(ring)} />
                </span>
              </div>
              <p className={classes.explanation}>
                {ring.explanation}
                {ring.state === "window-closed" && ring.opensAt && (
                  <>
                    {" "}
                    The next hours begin <RelativeTime at={ring.opensAt} />.
                  </>
                )}
              </p>
              <RingProgress ring={ring} />
              <p className={classes.settings}>{settingsOf(ring).join(" · ")}</p>
              <p className={classes.settings}>{groupsOf(ring)}</p>
            </li>
          );
        })}
      </ol>
      {dialog}
    </>
  );
}

function targetOf({ target, version }: UpdateRing): string {
  if (version !== null) return `${version}, pinned`;
  return target ?? "";
}

function RingProgress({ ring: { id, name, hosts } }: { ring: UpdateRing }) {
  const parts = [
    { label: "updated", count: hosts.updated, color: "var(--status-green)" },
    { label: "updating", count: hosts.updating, color: "var(--mantine-color-accent-5)" },
    { label: "failed", count: hosts.failed, color: "var(--status-red)" },
    { label: "waiting", count: hosts.waiting, color: undefined },
    { label: "updated by something else", count: hosts.external, color: undefined },
    { label: "without an update", count: hosts.unable, color: undefined },
  ].filter(({ count }) => count > 0);
  return (
    <div className={classes.progress}>
      <Progress.Root size={8} radius="xl" aria-hidden="true">
        {parts.map(
          ({ label, count, color }) =>
            color && <Progress.Section key={label} value={(count / hosts.hosts) * 100} color={color} />,
        )}
      </Progress.Root>
      <span className={classes.counts}>
        <TextLink
          {...paths.updateHosts({ ringId: id })}
          underline="always"
          aria-label={`${countOf(hosts.hosts, "host")} of ring ${name}`}
        >
          {countOf(hosts.hosts, "host")}
        </TextLink>
        {parts.map(({ label, count }, index) => (
          <Fragment key={label}>
            {index === 0 ? ": " : ", "}
            {formatCount(count)} {label}
          </Fragment>
        ))}
      </span>
    </div>
  );
}

function settingsOf(ring: UpdateRing): string[] {
  const { canaries, stopAfter, soakMinutes, mandatory } = ring;
  const stops = `stops after ${countOf(stopAfter, "failure")}`;
  if (mandatory) return ["Mandatory: every host at its next check-in", stops];
  const window = describeWindow(ring);
  return [
    window.charAt(0).toUpperCase() + window.slice(1),
    countOf(canaries, "canary", "canaries"),
    ...(ring.isLast
      ? []
      : [
          soakMinutes === 0
            ? "the next ring follows at once"
            : `${countOf(soakMinutes, "minute")} until the next ring`,
        ]),
    stops,
  ];
}

function groupsOf({ isLast, assetGroups }: UpdateRing) {
  if (isLast) return "Every host that is in no other ring";
  if (assetGroups.length === 0) return "No Asset Groups, so the ring has no hosts";
  return (
    <>
      Asset Groups:{" "}
      {assetGroups.map(({ id, name }, index) => (
        <Fragment key={id}>
          {index > 0 && ", "}
          <TextLink {...paths.assets({ assetGroupId: id })}>{name}</TextLink>
        </Fragment>
      ))}
    </>
  );
}
