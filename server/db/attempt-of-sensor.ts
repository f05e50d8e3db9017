// How a query finds the attempt that a sensor enrolled with, by its primary key: see `attemptIdOf`.
import { sql } from "kysely";

export const isAttemptOfSensor = sql<boolean>`enrollment_attempt.id = 'enr_' || substr(sensor.id, 5)`;
