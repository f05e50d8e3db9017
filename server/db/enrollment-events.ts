// Most audit events are those of tokens that enroll sensors. Most indexes leave them out (migration 0015).
import { sql } from "kysely";

/** The actions of tokens. */
export const ENROLLMENT_ACTIONS = ["sensor.enrolled", "asset.created"] as const;

export const isEnrollment = sql<boolean>`event.actor_type = 'enrollment-token'`;

/** The events have the alias `event`. Exactly as in the indexes, so that the databases use them. */
export const isNoEnrollment = sql<boolean>`event.actor_type <> 'enrollment-token'`;
