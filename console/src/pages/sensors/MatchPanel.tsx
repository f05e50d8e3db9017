import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { ActionButton } from "../../ui/ActionButton.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { RowAction } from "../../ui/RowMenu.tsx";
import { exactTime } from "../../ui/time.ts";
import { ComparedFacts } from "./ComparedFacts.tsx";
import classes from "./MatchPanel.module.css";
import { evidenceText, type SensorMatch } from "./match-words.ts";

/** That a sensor looks like a silent one, the evidence, and what a person may decide: the first decision is the likely one. */
export function MatchPanel({ match, decisions }: { match: SensorMatch; decisions: RowAction[] }) {
  const { sensor, lastSeenAt } = match;
  const title = `Looks like ${sensor.name} reinstalled`;
  return (
    <section className={classes.panel} aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      <p className={classes.text}>
        <TextLink {...paths.sensor(sensor.id)} underline="always">
          {sensor.name}
        </TextLink>{" "}
        has been silent since {exactTime(lastSeenAt)} (<RelativeTime at={lastSeenAt} />
        ). {evidenceText(match)}.
      </p>
      <ComparedFacts match={match} />
      <p className={classes.rule}>
        Only hardware counts, where no other living sensor tells the same; two such facts at least agree here.
        Names and what an installation makes are shown and prove nothing.
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
