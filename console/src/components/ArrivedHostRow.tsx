import { paths } from "../paths.ts";
import { Status } from "../ui/Status.tsx";
import classes from "./ArrivalsPanel.module.css";
import { ARRIVAL_LOOKS, type ArrivedHost, arrivalText, type ServerClock } from "./arrivals.ts";
import { TextLink } from "./links.tsx";
import { ServerAgo } from "./ServerAgo.tsx";

/** A host that enrolled: its state, how long ago, and whether it is a clone or a possible duplicate. */
export function ArrivedHostRow({ host, clock }: { host: ArrivedHost; clock: ServerClock }) {
  const { sensor } = host;
  const look =
    host.kind === "enrolled"
      ? ARRIVAL_LOOKS[host.state]
      : ({ label: "Re-enrolled", color: "green" } as const);
  return (
    <li className={classes.row}>
      <span className={classes.name}>
        <HostLink host={sensor} />
      </span>
      <span className={classes.state}>
        <Status color={look.color}>{look.label}</Status>
      </span>
      <span className={classes.text}>
        <ServerAgo at={host.at} clock={clock} text={(serverNow) => arrivalText(host, serverNow)} />
        {host.kind === "enrolled" && <Relations host={host} />}
      </span>
    </li>
  );
}

function Relations({
  host: { cloneOf, match, replaces, state, sensor },
}: {
  host: ArrivedHost & { kind: "enrolled" };
}) {
  return (
    <>
      {cloneOf && (
        <>
          {" "}
          · clone of <HostLink host={cloneOf} inText />
        </>
      )}
      {match && (
        <>
          {" "}
          · possible duplicate of <HostLink host={match} inText />
        </>
      )}
      {replaces && (
        <>
          {" "}
          · merged with <HostLink host={replaces} inText />
        </>
      )}
      {state === "awaiting-approval" && (
        <>
          {" "}
          ·{" "}
          <TextLink {...paths.sensor(sensor.id)} underline="always">
            Review
          </TextLink>
        </>
      )}
    </>
  );
}

interface HostLinkProps {
  host: { id: string; name: string; deleted?: boolean };
  /** Underlined, because color alone does not distinguish a link from its text. */
  inText?: boolean;
}

function HostLink({ host: { id, name, deleted = false }, inText = false }: HostLinkProps) {
  if (deleted) return name;
  return (
    <TextLink {...paths.sensor(id)} title={name} underline={inText ? "always" : "hover"}>
      {name}
    </TextLink>
  );
}
