import type { Permission } from "@attacklens/protocol/permissions.ts";
import type { Gap, SystemStatus } from "@attacklens/protocol/system-status.ts";
import { IconCircleCheck } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ButtonLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { meQuery } from "../../queries.ts";
import { Section } from "../../ui/Section.tsx";
import classes from "./SystemPage.module.css";

/** The next steps that are possible in the console. The others are on the server host. */
const ACTIONS: Partial<Record<Gap, { needs: Permission; action: ReactNode }>> = {
  "one-super-admin": {
    needs: "users:manage",
    action: (
      <ButtonLink {...paths.userInvite()} variant="default">
        Invite user
      </ButtonLink>
    ),
  },
  "no-update-ring": {
    needs: "updates:manage",
    action: (
      <ButtonLink {...paths.updateRingNew()} variant="default">
        Create ring
      </ButtonLink>
    ),
  },
};

function actionOf(gap: Gap, permissions: readonly Permission[]): ReactNode {
  const found = ACTIONS[gap];
  return found && permissions.includes(found.needs) ? found.action : null;
}

/** What the installation lacks, each with its reason and the next step. */
export function Lacks({ lacks }: { lacks: SystemStatus["lacks"] }) {
  const { data: me } = useSuspenseQuery(meQuery);
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
            {actionOf(gap, me.permissions)}
          </li>
        ))}
      </ul>
    </Section>
  );
}
