import type { EnrollmentAttempt } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { paths } from "../paths.ts";
import { countOf } from "../ui/numbers.ts";
import { Status } from "../ui/Status.tsx";
import { withLocalTimes } from "../ui/time.ts";
import classes from "./ArrivalsPanel.module.css";
import { agoText, type ServerClock } from "./arrivals.ts";
import { TextLink } from "./links.tsx";
import { adviceOf, fixOf } from "./refusal-fix.ts";
import { ServerAgo } from "./ServerAgo.tsx";
import { REFUSAL_LABELS } from "./token-words.ts";

interface RefusedHostRowProps {
  attempt: EnrollmentAttempt;
  /** Undefined while it is loading. */
  token: EnrollmentToken | undefined;
  clock: ServerClock;
}

/** A host that the token refused: why, and the change that fixes it. */
export function RefusedHostRow({ attempt, token, clock }: RefusedHostRowProps) {
  const { hostname, reason, detail, at, attempts, reference } = attempt;
  const fix = token && fixOf(attempt, token);
  return (
    <li className={classes.row}>
      <span className={classes.name} title={hostname}>
        {hostname}
      </span>
      <span className={classes.state}>
        <Status color="red">{reason ? REFUSAL_LABELS[reason] : "Refused"}</Status>
      </span>
      <span className={classes.text}>
        <ServerAgo at={at} clock={clock} text={(serverNow) => `refused ${agoText(at, serverNow)}`} />
        {attempts > 1 && ` · ${countOf(attempts, "attempt")}`} · {withLocalTimes(detail ?? "")}
        <br />
        {fix ? (
          <TextLink
            {...paths.enrollmentTokenEdit(attempt.enrollmentToken.id, fix.proposal)}
            underline="always"
          >
            {fix.label}
          </TextLink>
        ) : (
          token && adviceOf(attempt, token)
        )}{" "}
        <span className={classes.reference}>{reference}</span>
      </span>
    </li>
  );
}
