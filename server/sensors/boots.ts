// Two hosts that live with one key are told apart by the starts of their programs: the original keeps the sensor, the copy is told
// to make a key of its own, and what it reports until then is not taken.
import { type HostFacts, hostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { recordAuditEvents } from "../audit/audit.ts";
import type { Database, SensorBootTable } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import type { SensorCaller } from "../route-handler.ts";
import { type BootHost, differences, judgeBoot } from "./boot-rules.ts";
import { deleteBoots, listBoots, listCopies, updateBoots, upsertBoot } from "./boots-store.ts";
import { findPresence, touchPresence } from "./presence-store.ts";
import { MISSED_CHECK_INS } from "./sensor-status.ts";
import { lockSensor, updateSensor } from "./sensors-store.ts";

/** Starts of one sensor that are remembered when they are over: a snapshot may bring one of them back. */
const KEPT_PAST = 20;
/** Hosts with one sensor's key at the most; each that comes beyond waits until there are fewer. */
const MAX_OTHERS = 2_000;
/** A host whose standing is open asks sooner, so that it is settled with the holder's next check-in. */
const OPEN_INTERVAL_SECONDS = 15;

const partialHost = hostFacts.partial();

export function parseHost(json: string): BootHost {
  return partialHost.parse(JSON.parse(json));
}

export interface CheckInAt {
  now: number;
  address: string;
  checkInIntervalSeconds: number;
}

/**
 * Settles who holds the sensor's key before a check-in is taken. Answers the seconds after which a host should ask again whose
 * standing is open still, and whose report is not taken; undefined for the holder. Throws sensor-copied, too-many-requests.
 */
export async function settleBoot(
  db: Database,
  { now, address, checkInIntervalSeconds }: CheckInAt,
  caller: SensorCaller,
  host: HostFacts | undefined,
): Promise<number | undefined> {
  const { bootId } = caller;
  if (bootId === undefined || (caller.standing === "holder" && !caller.hasNewcomers)) return undefined;
  if (caller.standing === "copy") throw sensorCopied();
  const verdict = await inTransaction(db, async (tx) => {
    const sensor = await lockSensor(tx, caller.id);
    if (!sensor) throw new Problem("sensor-unknown", "The sensor is not known here: it was deleted");
    const rows = await listBoots(tx, sensor.id);
    const boots = rows.map((row) => ({ ...row, host: parseHost(row.host) }));
    const holder = boots.find(({ state }) => state === "holder");
    const known = boots.find((boot) => boot.bootId === bootId);
    const told = host ?? known?.host ?? {};
    const verdict = judgeBoot({
      bootId,
      host: told,
      boots,
      enrolledHost: parseHost(sensor.enrolledHost),
      now,
      holderSeenAt: (await findPresence(tx, sensor.id))?.lastSeenAt ?? 0,
      silentAfterMs: MISSED_CHECK_INS * checkInIntervalSeconds * 1000,
    });
    const row: SensorBootTable = {
      sensorId: sensor.id,
      bootId,
      state: "holder",
      host: JSON.stringify(told),
      address,
      firstSeenAt: known?.firstSeenAt ?? now,
      returnedAt: null,
      copySensorId: null,
    };
    if (verdict.type === "holder" && (!holder || known !== holder)) {
      if (holder) await updateBoots(tx, sensor.id, [holder.bootId], { state: "past" });
      await upsertBoot(tx, { ...row, returnedAt: verdict.returned ? now : null });
      const past = rows.filter((boot) => boot.state === "past" && boot.bootId !== bootId);
      const over = past.slice(0, Math.max(0, past.length + 1 - KEPT_PAST)).map((boot) => boot.bootId);
      await deleteBoots(tx, sensor.id, over);
      const others = rows.filter((boot) => boot.state === "newcomer" && boot.bootId !== bootId);
      await updateSensor(tx, sensor.id, { bootId, hasNewcomers: others.length > 0 ? 1 : 0 });
      await touchPresence(tx, sensor.id, now, address);
    } else if (verdict.type === "newcomer") {
      if (!known && rows.length >= MAX_OTHERS)
        throw new Problem("too-many-requests", "Too many hosts have this sensor's key", {
          extras: { retryAfterSeconds: 900 },
        });
      await upsertBoot(tx, { ...row, state: "newcomer" });
      await updateSensor(tx, sensor.id, { hasNewcomers: 1 });
    } else if (verdict.type === "fork") {
      await updateBoots(tx, sensor.id, verdict.copies, { state: "copy" });
      await updateBoots(tx, sensor.id, [verdict.holder], { state: "holder", returnedAt: null });
      await updateSensor(tx, sensor.id, { bootId: verdict.holder, hasNewcomers: 0 });
      const original = boots.find((boot) => boot.bootId === verdict.holder)!;
      const copies = boots.filter((boot) => verdict.copies.includes(boot.bootId));
      await recordAuditEvents(
        tx,
        copies.map((copy) => ({
          at: now,
          actor: { type: "system", id: "system", name: "AttackLens" },
          action: "sensor.copy-noticed",
          entity: { type: "sensor", id: sensor.id },
          details: {
            hostname: sensor.hostname,
            copyHostname: copy.host.hostname ?? "",
            copyAddress: copy.address,
            address: original.address,
            differs: differences(copy.host, original.host),
          },
        })),
      );
    }
    return verdict;
  });
  const isCopy = verdict.type === "copy" || (verdict.type === "fork" && verdict.holder !== bootId);
  if (isCopy) throw sensorCopied();
  return verdict.type === "newcomer" ? Math.min(OPEN_INTERVAL_SECONDS, checkInIntervalSeconds) : undefined;
}

export function sensorCopied(): Problem {
  return new Problem(
    "sensor-copied",
    "Another host holds this sensor's key, which was copied with its disk or its files: this host needs a key of its own",
  );
}

const SHOWN_COPIES = 100;

/** Hosts that held the sensor's key too, for the sensor's page. */
export async function presentCopies(db: Database, sensor: Pick<Sensor, "id">, enrolledHost: string) {
  const rows = await listCopies(db, sensor.id, SHOWN_COPIES);
  const original = parseHost(enrolledHost);
  return rows.map((row) => {
    const host = parseHost(row.host);
    return {
      hostname: host.hostname ?? "",
      address: row.address,
      firstSeenAt: toInstant(row.firstSeenAt),
      differs: differences(host, original),
      sensor: row.copyId === null ? null : { id: row.copyId, name: row.copyHostname ?? "" },
    };
  });
}
