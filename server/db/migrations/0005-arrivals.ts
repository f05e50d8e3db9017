// A token's sensors in the order in which they enrolled, with the column of their counts, for open pages that
// show arrivals. The count of sensors without a report is now one by standing.
import { statements } from "./migration.ts";

export const arrivals = statements(`
drop index sensor_unreported;
create index sensor_token_enrolled on sensor (enrollment_token_id, enrolled_at, id, standing);
create index re_enroll_ticket_used on re_enroll_ticket (used_at) where used_at is not null;
`);
