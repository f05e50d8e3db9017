// The keys and states of sensors in memory, so that most requests need no query before the statement that
// spends their nonce. That statement compares the revision and the standing, so an outdated memory admits
// nothing, on any server of the database.
import { setBounded } from "../../bounded-map.ts";
import type { Database } from "../../db/schema.ts";
import { openSharedReads } from "../../shared-reads.ts";
import { listSensorStates, type SensorState } from "./sensors-store.ts";

/** About 700 bytes each. */
const MAX_REMEMBERED = 100_000;

export interface RememberedSensor extends SensorState {
  /** The last report of which nothing is left to do, as `settle` received it. */
  report?: string;
  /** Of its MACs with this key of the server. */
  macKey?: { serverKeyId: string; key: Uint8Array };
}

/** Returns the present states of sensors, to remember them after the transaction that changed them. */
export async function readSensorStates(tx: Database, ids: readonly string[]): Promise<RememberedSensor[]> {
  return await listSensorStates(tx, ids);
}

export function openRememberedSensors(db: Database, max = MAX_REMEMBERED) {
  const remembered = new Map<string, RememberedSensor>();
  // Many sensors send their first request at once: in a rollout, and after the server has started.
  const readState = openSharedReads({ list: (ids) => listSensorStates(db, ids), idOf: ({ id }) => id });
  return {
    /** Returns the state that this server read last, which may be outdated. */
    recall: (id: string): RememberedSensor | undefined => remembered.get(id),
    /**
     * Remembers a report that is valid, and of which nothing is left to do while the sensor has this
     * revision. Any change of its inventory changes the revision.
     */
    settle(id: string, revision: number, report: string): void {
      const state = remembered.get(id);
      if (state?.revision === revision) state.report = report;
    },
    /** Remembers a state that was just read, after a change of the sensor. */
    remember: (state: RememberedSensor): void => void setBounded(remembered, state.id, state, max),
    /** Returns the present state, or undefined for a deleted, unenrolled or removed sensor. */
    async read(id: string): Promise<RememberedSensor | undefined> {
      const state: RememberedSensor | undefined = await readState(id);
      if (state) setBounded(remembered, id, state, max);
      else remembered.delete(id);
      return state;
    },
  };
}

export type RememberedSensors = ReturnType<typeof openRememberedSensors>;
