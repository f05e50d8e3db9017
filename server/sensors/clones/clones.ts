// Distinguishes hosts with one key by the instances of their sensor processes. The original keeps the sensor,
// and the clone creates a new key.
import { type HostFacts, hostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvents, SYSTEM_ACTOR } from "../../audit/audit.ts";
import { openBatcher } from "../../batcher.ts";
import type { SensorCaller } from "../../caller.ts";
import { togetherOrAlone } from "../../db/group-commit.ts";
import type { Database, SensorInstanceTable } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { lockSender } from "../record/lock-sender.ts";
import { findPresence, touchPresence } from "../record/presence-store.ts";
import { type RememberedSensor, readSensorStates } from "../record/remembered-sensors.ts";
import { MISSED_CHECK_INS } from "../record/sensor-status.ts";
import { updateSensor } from "../record/sensors-store.ts";
import { differences, type InstanceHost, judgeInstance, PROVES_LIFE, type Verdict } from "./clone-rules.ts";
import { deleteInstances, listInstances, updateInstances, upsertInstance } from "./clones-store.ts";
import { instancesToForget } from "./remembered-instances.ts";

/** A request of an ended process may arrive this late: no sensor waits longer for a reply. */
const LATE_FOR_MS = 30_000;

/** In check-in intervals. Sensors vary the interval by up to a tenth. */
const HEARD_AGAIN_AFTER = 1.15;

/** Requests of one transaction. */
const MAX_BATCH = 64;
/** Unnoticeable for a sensor, and long enough for others to join. */
const PACE_MS = 10;

const partialHost = hostFacts.partial();

export function parseHost(json: string): InstanceHost {
  return partialHost.parse(JSON.parse(json));
}

export interface RequestAt {
  now: number;
  address: string;
  checkInIntervalSeconds: number;
}

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

interface SettledRequest {
  isCheckIn: boolean;
  host?: HostFacts | undefined;
  /** The X25519 key that the instance announces. It is stored when the instance becomes the holder. */
  agreementKey?: string | undefined;
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

interface Settling {
  at: RequestAt;
  caller: SensorCaller;
  request: SettledRequest;
}

interface Outcome {
  verdict: Verdict;
  after: RememberedSensor | undefined;
}

/** Sensors that check in for the first time at once share a transaction. */
function openSettling(db: Database) {
  return openBatcher<Settling, Outcome>({
    ...{ running: 1, paceMs: PACE_MS },
    take: (waiting) => ({ batch: waiting.slice(0, MAX_BATCH), rest: waiting.slice(MAX_BATCH) }),
    work: (all) =>
      togetherOrAlone(all, (some) =>
        inTransaction(db, async (tx) => {
          const verdicts = new Map<Settling, Verdict>();
          // In the order of the sensors, so that servers do not deadlock.
          const sorted = some.toSorted((one, other) => (one.caller.id < other.caller.id ? -1 : 1));
          for (const one of sorted) verdicts.set(one, await settle(tx, one.at, one.caller, one.request));
          const states = await readSensorStates(
            tx,
            some.map(({ caller }) => caller.id),
          );
          const stateOf = new Map(states.map((state) => [state.id, state]));
          return some.map((one) => ({ verdict: verdicts.get(one)!, after: stateOf.get(one.caller.id) }));
        }),
      ),
  });
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

async function settle(
  tx: Database,
  { now, address, checkInIntervalSeconds }: RequestAt,
  caller: SensorCaller,
  { isCheckIn, host, agreementKey }: SettledRequest,
): Promise<Verdict> {
  const { instanceId } = caller;
  const sensor = await lockSender(tx, caller);
  const rows = await listInstances(tx, sensor.id);
  const known = rows.find((row) => row.instanceId === instanceId);
  if (!isCheckIn && (!known || known.state === "newcomer")) throw checkInFirst();
  const instances = rows.map((row) => ({ ...row, host: parseHost(row.host) }));
  const told = host ?? instances.find((instance) => instance.instanceId === instanceId)?.host ?? {};
  const holder = instances.find(({ state }) => state === "holder");
  const holderSeenAt = (await findPresence(tx, sensor.id))?.lastSeenAt ?? 0;
  const silentAfterMs = MISSED_CHECK_INS * checkInIntervalSeconds * 1000;
  const verdict = judgeInstance({
    instanceId,
    host: told,
    instances,
    enrolledHost: parseHost(sensor.enrolledHost),
    now,
    holderSeenAt,
    silentAfterMs,
    settledAfterMs: 1.25 * checkInIntervalSeconds * 1000,
    lateForMs: Math.min(LATE_FOR_MS, (checkInIntervalSeconds * 1000) / 2),
  });
  const row: SensorInstanceTable = {
    sensorId: sensor.id,
    instanceId,
    state: "holder",
    host: JSON.stringify(told),
    address,
    firstSeenAt: known?.firstSeenAt ?? now,
    returnedAt: null,
    returns: 0,
    cloneSensorId: null,
  };
  if (verdict.type === "holder" && holder?.instanceId === instanceId) {
    const { returns, isDisputed } = verdict;
    if (returns !== holder.returns) await updateInstances(tx, sensor.id, [instanceId], { returns });
    if (!isDisputed) await updateSensor(tx, sensor.id, { hasNewcomers: 0 });
  } else if (verdict.type === "holder") {
    if (holder) {
      const past = { state: "past", returnedAt: holderSeenAt, returns: 0 } as const;
      await updateInstances(tx, sensor.id, [holder.instanceId], past);
    }
    await remember(
      tx,
      rows,
      { ...row, returnedAt: verdict.returned ? now : null },
      { now, checkInIntervalSeconds },
    );
    const isOpen = verdict.isDisputed || instances.some(({ state }) => state === "newcomer");
    // The key of the holder before is not that of this instance.
    const announced = agreementKey ?? null;
    const hasNewcomers = isOpen ? 1 : 0;
    await updateSensor(tx, sensor.id, { instanceId, agreementKey: announced, hasNewcomers });
    await touchPresence(tx, sensor.id, now, address);
  } else if (verdict.type === "stray") {
    await updateInstances(tx, sensor.id, [instanceId], { returnedAt: now, returns: verdict.returns });
    if (verdict.returns > 0) await updateSensor(tx, sensor.id, { hasNewcomers: 1 });
  } else if (verdict.type === "newcomer") {
    await remember(tx, rows, { ...row, state: "newcomer" }, { now, checkInIntervalSeconds });
    await updateSensor(tx, sensor.id, { hasNewcomers: 1 });
  } else if (verdict.type === "fork") {
    await updateInstances(tx, sensor.id, verdict.clones, { state: "clone" });
    await updateInstances(tx, sensor.id, [verdict.holder], {
      state: "holder",
      returnedAt: now,
      returns: PROVES_LIFE,
    });
    // Other instances may have reported too. Their next requests settle them.
    await updateSensor(tx, sensor.id, { instanceId: verdict.holder, agreementKey: null, hasNewcomers: 1 });
    const original = instances.find((instance) => instance.instanceId === verdict.holder)!;
    const clones = instances.filter((instance) => verdict.clones.includes(instance.instanceId));
    await recordAuditEvents(
      tx,
      clones.map((clone) => ({
        at: now,
        actor: SYSTEM_ACTOR,
        action: "sensor.clone-detected",
        entity: { type: "sensor", id: sensor.id, name: sensor.hostname },
        details: {
          cloneHostname: clone.host.hostname ?? "",
          cloneAddress: clone.address,
          address: original.address,
          differs: differences(clone.host, original.host),
        },
      })),
    );
  }
  return verdict;
}

/** Throws too-many-requests if the limit of stored newcomers is reached. */
export async function remember(
  tx: Database,
  rows: SensorInstanceTable[],
  row: SensorInstanceTable,
  { now, checkInIntervalSeconds }: Omit<RequestAt, "address">,
): Promise<void> {
  const others = rows.filter(({ instanceId }) => instanceId !== row.instanceId);
  const isKnown = others.length < rows.length;
  const forgotten = isKnown ? [] : instancesToForget(others, row.state, now);
  if (forgotten === undefined) {
    throw new Problem(
      "too-many-requests",
      "Too many hosts have this sensor's key. Others are settled first",
      {
        extras: { retryAfterSeconds: checkInIntervalSeconds },
      },
    );
  }
  await deleteInstances(tx, row.sensorId, forgotten);
  await upsertInstance(tx, row);
}

/** Deletes every instance except the clones, because the key moves to another host. */
export async function forgetInstances(tx: Database, sensorId: string): Promise<void> {
  const instances = await listInstances(tx, sensorId);
  const over = instances.filter(({ state }) => state !== "clone").map(({ instanceId }) => instanceId);
  await deleteInstances(tx, sensorId, over);
}

function checkInFirst(): Problem {
  return new Problem(
    "state-conflict",
    "Not possible before a check-in of this instance of the sensor. Check in, then send the request again",
  );
}

export function sensorCloned(): Problem {
  return new Problem(
    "sensor-cloned",
    "Another host holds this sensor's key, which was copied with its disk or its files: this host needs a separate key",
  );
}
