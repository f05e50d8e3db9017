import type { Gap, SystemStatus } from "@attacklens/protocol/system-status.ts";
import { IconCircleCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ButtonLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { Section } from "../../ui/Section.tsx";
import classes from "./SystemPage.module.css";

/** The next steps that are possible in the console. The others are on the server host. */
const ACTIONS: Partial<Record<Gap, ReactNode>> = {
  "no-update-ring": (
    <ButtonLink {...paths.updateRingNew()} variant="default">
      Create ring
    </ButtonLink>
  ),
};

/** What the installation lacks, each with its reason and the next step. */
export function Lacks({ lacks }: { lacks: SystemStatus["lacks"] }) {
  if (lacks.length === 0) {
    return (
      <p className={classes.complete}>
        <IconCircleCheck size={18} aria-hidden="true" />
        This installation is complete.
      </p>
    );
  }
  return (
    <Section title="What this installation still lacks">
      <ul className={classes.lacks}>
        {lacks.map(({ gap, reason, nextStep }) => (
          <li key={gap}>
            <div>
              <p>{reason}</p>
              <p className={classes.next}>{nextStep}</p>
            </div>
            {ACTIONS[gap]}
          </li>
        ))}
      </ul>
    </Section>
  );
}
