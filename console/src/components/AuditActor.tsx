import { AUDIT_ACTOR_NAMES, type AuditActorType } from "@attacklens/protocol/audit-actions.ts";
import type { AuditEvent } from "@attacklens/protocol/audit-events.ts";
import {
  IconKey,
  IconRadar2,
  IconServerCog,
  IconTicket,
  IconUser,
  IconUserQuestion,
  type TablerIcon,
} from "@tabler/icons-react";
import classes from "./AuditActor.module.css";
import { AuditObject } from "./AuditObject.tsx";

const ICONS: Record<AuditActorType, TablerIcon> = {
  user: IconUser,
  "api-key": IconKey,
  "enrollment-token": IconTicket,
  sensor: IconRadar2,
  system: IconServerCog,
  anonymous: IconUserQuestion,
};

/** An icon, the name, and the kind of the actor in a word unless it is a user. */
export function AuditActor({ actor }: { actor: AuditEvent["actor"] }) {
  const Icon = ICONS[actor.type];
  const kind = AUDIT_ACTOR_NAMES[actor.type];
  const isNamed = actor.type !== "anonymous" && actor.type !== "user";
  return (
    <span className={classes.actor} title={`${kind}: ${actor.name}`}>
      <Icon size={16} aria-hidden="true" className={classes.icon} />
      {isNamed && <span className="quiet">{kind}</span>}
      <span className={classes.name}>
        <AuditObject {...actor} />
      </span>
    </span>
  );
}
