// The numbers of sensors that an operator should look at, and the first steps of an installation.
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import { cellOf, cellsOf } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { countCells } from "./classes-store.ts";
import { countCandidates } from "./list-candidates-store.ts";
import { hasHistory, hasSensors } from "./record/sensors-store.ts";
import { countSeenBefore } from "./seen-store.ts";

/** `seenBefore` is not later than `onlineSince`, the earliest last check-in that counts as online. */
export async function readSensorOverview(db: Database, onlineSince: number, seenBefore: number) {
  return await inSnapshot(db, async (tx) => {
    const counts = await countCells(tx);
    const count = (statuses: SensorStatus[]) =>
      counts
        .filter(({ cell }) => statuses.includes(cellOf(cell).status))
        .reduce((sum, { sensors }) => sum + sensors, 0);
    const offline = cellsOf({ status: "offline" }).map(({ number }) => number);
    return {
      steps: {
        sensor: await hasSensors(tx),
        // A sensor that is gone has reported, too.
        report: count(["online", "offline"]) > 0 || (await hasHistory(tx)),
      },
      attention: {
        awaitingApproval: count(["awaiting-approval"]),
        possibleDuplicates: await countCandidates(tx, onlineSince),
        longOffline: await countSeenBefore(tx, offline, seenBefore),
      },
    };
  });
}
