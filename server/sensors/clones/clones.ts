// Distinguishes hosts with one key by the instances of their sensor processes. The original keeps the sensor,
// and the clone creates a new key.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { SensorCaller } from "../../caller.ts";
import type { Database } from "../../db/schema.ts";
import type { RememberedSensor } from "../record/remembered-sensors.ts";
import type { Verdict } from "./clone-rules.ts";
import { deleteInstances, listInstances } from "./clones-store.ts";
import { openSettling, type RequestAt, type SettledRequest, type Settling } from "./settling.ts";

/** In check-in intervals. Sensors vary the interval by up to a tenth. */
const HEARD_AGAIN_AFTER = 1.15;

export interface Settled {
  /** Ownership of the key is undecided: the reports of this instance are not stored. */
  isHeld: boolean;
  /**
   * While ownership of the key is undecided, an instance checks in sooner; undefined: at the normal interval.
   */
  askAgainSeconds: number | undefined;
  /** The instance is the holder, so the server may request a key rotation. */
  holdsKey: boolean;
  /** The sensor after the decision. Absent: nothing had to be decided. */
  after?: RememberedSensor | undefined;
}

/**
 * Decides which instance holds the sensor's key, before the request is processed. `host`: the facts of a
 * check-in. An instance without a check-in can't send other requests. Throws sensor-cloned, state-conflict,
 * too-many-requests.
 */
export function settleInstance(
  db: Database,
  at: RequestAt,
  caller: SensorCaller,
  request: SettledRequest,
): Settled | Promise<Settled> {
  if (caller.standing === "clone") throw sensorCloned();
  if (caller.standing === "holder" && !caller.hasNewcomers) return HOLDS_KEY;
  return judge(db, { at, caller, request });
}

/** Most requests: no other instance has the key. */
const HOLDS_KEY: Settled = { isHeld: false, askAgainSeconds: undefined, holdsKey: true };

async function judge(db: Database, { at, caller, request }: Settling): Promise<Settled> {
  const { verdict, after } = await settlingOf(db).add({ at, caller, request });
  const isClone =
    verdict.type === "clone" || (verdict.type === "fork" && verdict.holder !== caller.instanceId);
  if (isClone) throw sensorCloned();
  return {
    isHeld: verdict.type === "newcomer",
    askAgainSeconds: askAgainSeconds(verdict, at.checkInIntervalSeconds),
    holdsKey: verdict.type === "holder" || verdict.type === "fork",
    after,
  };
}

const settling = new WeakMap<Database, ReturnType<typeof openSettling>>();

function settlingOf(db: Database): ReturnType<typeof openSettling> {
  const found = settling.get(db);
  if (found) return found;
  const opened = openSettling(db);
  settling.set(db, opened);
  return opened;
}

/**
 * Returns the retry interval in seconds while ownership is undecided, so that all instances are settled
 * within two check-in intervals. After a start, the instance waits until the others that started with it have
 * reported again; then it retries every quarter of an interval. Undefined: the normal interval.
 */
function askAgainSeconds(verdict: Verdict, intervalSeconds: number): number | undefined {
  if (verdict.type === "holder" && !verdict.isDisputed) return undefined;
  const soon = Math.max(1, Math.min(15, Math.floor(intervalSeconds / 4)));
  if (verdict.type !== "holder") return soon;
  const rest = Math.ceil(HEARD_AGAIN_AFTER * intervalSeconds - verdict.heldForMs / 1000);
  return Math.min(intervalSeconds, Math.max(soon, rest));
}

/** Deletes every instance except the clones, because the key moves to another host. */
export async function forgetInstances(tx: Database, sensorId: string): Promise<void> {
  const instances = await listInstances(tx, sensorId);
  const over = instances.filter(({ state }) => state !== "clone").map(({ instanceId }) => instanceId);
  await deleteInstances(tx, sensorId, over);
}

export function sensorCloned(): Problem {
  return new Problem(
    "sensor-cloned",
    "Another host holds this sensor's key, which was copied with its disk or its files: this host needs a separate key",
  );
}
