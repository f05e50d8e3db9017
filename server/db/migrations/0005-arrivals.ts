// Sensors that a host took over, for open pages that show the arrivals of a token.
import { statements } from "./migration.ts";

export const arrivals = statements(`
create index re_enroll_ticket_used on re_enroll_ticket (used_at) where used_at is not null;
`);
