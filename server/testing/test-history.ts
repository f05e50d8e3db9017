// Everything that sensors have reported: the former contents of their categories, and the present ones.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Database } from "../db/schema.ts";

export interface ReportedContent {
  sensorId: string;
  category: string;
  /** The first half of the root, in hex. */
  root: string;
  reportedAt: number;
  collectedAt: number;
}

/** Returns the reports of all sensors, or only of one category, in the order of their arrival. */
export async function reportedContents(db: Database, category?: Category): Promise<ReportedContent[]> {
  const former = await db
    .selectFrom("inventoryHistory")
    .innerJoin("inventoryManifest", "inventoryManifest.id", "inventoryHistory.manifestId")
    .select(["sensorId", "inventoryHistory.category", "reportedAt", "collectedAt", "root"])
    .execute();
  const present = await db
    .selectFrom("sensorInventory")
    .innerJoin("inventoryManifest", "inventoryManifest.id", "sensorInventory.manifestId")
    .select(["sensorId", "sensorInventory.category", "reportedAt", "changedAt as collectedAt", "root"])
    .execute();
  return [...former, ...present]
    .filter((row) => category === undefined || row.category === category)
    .map((row) => ({
      ...{ sensorId: row.sensorId, category: row.category, root: Buffer.from(row.root).toString("hex") },
      ...{ reportedAt: row.reportedAt!, collectedAt: row.collectedAt! },
    }))
    .sort((one, other) => one.reportedAt - other.reportedAt);
}
