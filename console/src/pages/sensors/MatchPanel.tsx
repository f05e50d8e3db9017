import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { RowAction } from "../../ui/RowMenu.tsx";
import { exactTime } from "../../ui/time.ts";
import { ComparedFacts } from "./ComparedFacts.tsx";
import classes from "./MatchPanel.module.css";
import { evidenceText, type SensorMatch } from "./match-words.ts";

/**
 * The evidence that a sensor is a re-imaged host, and the actions of the operator. The first action is the
 * likely one.
 */
export function MatchPanel({ match, decisions }: { match: SensorMatch; decisions: RowAction[] }) {
  const { sensor, lastSeenAt } = match;
  const title = `Possible duplicate of ${sensor.name}`;
  return (
    <section className={classes.panel} aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>
        <TextLink {...paths.sensor(sensor.id)} underline="always">
          {sensor.name}
        </TextLink>{" "}
        was last seen <RelativeTime at={lastSeenAt} /> ({exactTime(lastSeenAt)}). {evidenceText(match)}.
      </p>
      <ComparedFacts match={match} />
      <p className={classes.rule}>
        A sensor is a possible duplicate if at least two hardware facts agree and no other active sensor
        reports the same values. Names and facts of the installation are not evidence.
      </p>
      <div className={classes.actions}>
        {decisions.map(({ label, onSelect, disabledReason }, index) => (
          <ActionButton
            key={label}
            maw="100%"
            variant={index === 0 ? "filled" : "default"}
            onClick={onSelect}
            disabledReason={disabledReason}
          >
            {label}
          </ActionButton>
        ))}
      </div>
    </section>
  );
}
