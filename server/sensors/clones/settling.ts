// Settles which instance holds a sensor's key: reads what is known about the sensors of a batch, judges each
// request, and stores the outcome.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvents, SYSTEM_ACTOR } from "../../audit/audit.ts";
import { openBatcher } from "../../batcher.ts";
import type { SensorCaller } from "../../caller.ts";
import { togetherOrAlone } from "../../db/group-commit.ts";
import type { Database } from "../../db/schema.ts";
import type { SensorInstanceTable } from "../../db/schema-sensors.ts";
import { inTransaction } from "../../db/transaction.ts";
import { lockSenders } from "../record/lock-sender.ts";
import { touchPresences } from "../record/presence-store.ts";
import { type RememberedSensor, readSensorStates } from "../record/remembered-sensors.ts";
import { MISSED_CHECK_INS } from "../record/sensor-status.ts";
import { updateSensor } from "../record/sensors-store.ts";
import { differences, judgeInstance, PROVES_LIFE, type Verdict } from "./clone-rules.ts";
import {
  deleteInstances,
  type KnownInstances,
  listKnownInstances,
  updateHolders,
  updateInstances,
  upsertInstances,
} from "./clones-store.ts";
import { parseHost } from "./instance-host.ts";
import { instancesToForget } from "./remembered-instances.ts";

/** A request of an ended process may arrive this late: no sensor waits longer for a reply. */
const LATE_FOR_MS = 30_000;

/** Requests of one transaction. */
const MAX_BATCH = 64;
/** Unnoticeable for a sensor, and long enough for others to join. */
const PACE_MS = 40;

export interface RequestAt {
  now: number;
  address: string;
  checkInIntervalSeconds: number;
}

export interface SettledRequest {
  isCheckIn: boolean;
  host?: HostFacts | undefined;
  /** The X25519 key that the instance announces. It is stored when the instance becomes the holder. */
  agreementKey?: string | undefined;
}

export interface Settling {
  at: RequestAt;
  caller: SensorCaller;
  request: SettledRequest;
}

interface Outcome {
  verdict: Verdict;
  after: RememberedSensor | undefined;
}

/** Sensors that check in for the first time at once share a transaction, with one statement of each kind. */
export function openSettling(db: Database) {
  async function settleTogether(tx: Database, some: readonly Settling[]): Promise<(Outcome | Error)[]> {
    const callers = some.map(({ caller }) => caller);
    const ids = callers.map(({ id }) => id);
    const refusals = await lockSenders(tx, callers);
    const known = await listKnownInstances(tx, ids);
    const holders: NewHolder[] = [];
    const verdicts: (Verdict | Error)[] = [];
    for (const [index, one] of some.entries())
      verdicts.push(refusals[index] ?? (await settle(tx, one, known.get(one.caller.id)!, holders)));
    await storeHolders(tx, holders);
    const after = new Map((await readSensorStates(tx, ids)).map((state) => [state.id, state]));
    return verdicts.map((verdict, index) =>
      verdict instanceof Error ? verdict : { verdict, after: after.get(ids[index]!) },
    );
  }

  return openBatcher<Settling, Outcome>({
    ...{ running: 1, paceMs: PACE_MS, take: takeBatch },
    work: (all) =>
      togetherOrAlone(all, (some) => inTransaction(db, async (tx) => await settleTogether(tx, some))),
  });
}

/** Takes one request per sensor: the next one sees what this one has stored. */
function takeBatch<W extends { request: Settling }>(waiting: W[]): { batch: W[]; rest: W[] } {
  const batch = new Map<string, W>();
  const rest: W[] = [];
  for (const one of waiting) {
    const { id } = one.request.caller;
    if (batch.size < MAX_BATCH && !batch.has(id)) batch.set(id, one);
    else rest.push(one);
  }
  return { batch: [...batch.values()], rest };
}

/** An instance that takes over the key of its sensor. */
interface NewHolder {
  row: SensorInstanceTable;
  agreementKey: string | null;
  hasNewcomers: number;
  seen: { lastSeenAt: number; address: string };
}

async function storeHolders(tx: Database, holders: readonly NewHolder[]): Promise<void> {
  await upsertInstances(
    tx,
    holders.map(({ row }) => row),
  );
  await updateHolders(
    tx,
    holders.map(({ row: { sensorId, instanceId }, agreementKey, hasNewcomers }) => ({
      ...{ id: sensorId, instanceId, agreementKey, hasNewcomers },
    })),
  );
  await touchPresences(
    tx,
    holders.map(({ row, seen }) => ({ sensorId: row.sensorId, ...seen })),
  );
}

/** Adds an instance that takes over to `holders`, and stores everything else. */
async function settle(
  tx: Database,
  { at: { now, address, checkInIntervalSeconds }, caller, request }: Settling,
  { hostname, enrolledHost, instances: rows, lastSeenAt: holderSeenAt }: KnownInstances,
  holders: NewHolder[],
): Promise<Verdict> {
  const { id, instanceId } = caller;
  const { isCheckIn, host, agreementKey } = request;
  const known = rows.find((row) => row.instanceId === instanceId);
  if (!isCheckIn && (!known || known.state === "newcomer")) throw checkInFirst();
  const instances = rows.map((row) => ({ ...row, host: parseHost(row.host) }));
  const told = host ?? instances.find((instance) => instance.instanceId === instanceId)?.host ?? {};
  const holder = instances.find(({ state }) => state === "holder");
  const silentAfterMs = MISSED_CHECK_INS * checkInIntervalSeconds * 1000;
  const verdict = judgeInstance({
    instanceId,
    host: told,
    instances,
    enrolledHost: parseHost(enrolledHost),
    now,
    holderSeenAt,
    silentAfterMs,
    settledAfterMs: 1.25 * checkInIntervalSeconds * 1000,
    lateForMs: Math.min(LATE_FOR_MS, (checkInIntervalSeconds * 1000) / 2),
  });
  const row: SensorInstanceTable = {
    sensorId: id,
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
    if (returns !== holder.returns) await updateInstances(tx, id, [instanceId], { returns });
    if (!isDisputed) await updateSensor(tx, id, { hasNewcomers: 0 });
  } else if (verdict.type === "holder") {
    if (holder) {
      const past = { state: "past", returnedAt: holderSeenAt, returns: 0 } as const;
      await updateInstances(tx, id, [holder.instanceId], past);
    }
    await forgetOthers(tx, rows, row, { now, checkInIntervalSeconds });
    const isOpen = verdict.isDisputed || instances.some(({ state }) => state === "newcomer");
    holders.push({
      row: { ...row, returnedAt: verdict.returned ? now : null },
      // The key of the holder before is not that of this instance.
      ...{ agreementKey: agreementKey ?? null, hasNewcomers: isOpen ? 1 : 0 },
      seen: { lastSeenAt: now, address },
    });
  } else if (verdict.type === "stray") {
    await updateInstances(tx, id, [instanceId], { returnedAt: now, returns: verdict.returns });
    if (verdict.returns > 0) await updateSensor(tx, id, { hasNewcomers: 1 });
  } else if (verdict.type === "newcomer") {
    await remember(tx, rows, { ...row, state: "newcomer" }, { now, checkInIntervalSeconds });
    await updateSensor(tx, id, { hasNewcomers: 1 });
  } else if (verdict.type === "fork") {
    await updateInstances(tx, id, verdict.clones, { state: "clone" });
    await updateInstances(tx, id, [verdict.holder], {
      state: "holder",
      returnedAt: now,
      returns: PROVES_LIFE,
    });
    // Other instances may have reported too. Their next requests settle them.
    await updateSensor(tx, id, { instanceId: verdict.holder, agreementKey: null, hasNewcomers: 1 });
    const original = instances.find((instance) => instance.instanceId === verdict.holder)!;
    const clones = instances.filter((instance) => verdict.clones.includes(instance.instanceId));
    await recordAuditEvents(
      tx,
      clones.map((clone) => ({
        at: now,
        actor: SYSTEM_ACTOR,
        action: "sensor.clone-detected",
        entity: { type: "sensor", id, name: hostname },
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
  at: Omit<RequestAt, "address">,
): Promise<void> {
  await forgetOthers(tx, rows, row, at);
  await upsertInstances(tx, [row]);
}

/** Deletes instances if another one would be too many. Throws like `remember`. */
async function forgetOthers(
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
}

function checkInFirst(): Problem {
  return new Problem(
    "state-conflict",
    "Not possible before a check-in of this instance of the sensor. Check in, then send the request again",
  );
}
