// Which sensors of a list have a match that an operator has not decided.
import { sql } from "kysely";

/** A column of a query of `sensor`: 1 for the later sensor of an undecided pair. Few are. */
export const HAS_UNDECIDED = sql<0 | 1>`case when exists (select 1 from sensor_match
  where sensor_match.sensor_id = sensor.id and sensor_match.decision is null) then 1 else 0 end`.as(
  "hasUndecided",
);
