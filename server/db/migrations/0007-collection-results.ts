// What a report says about its items: the number of all, what they lack, and how long the collection took.
import { statements } from "./migration.ts";

export const collectionResults = statements(`
alter table inventory_manifest add column total_items integer;
alter table inventory_manifest add column gaps {text};
alter table sensor_inventory add column duration_ms integer;
`);
