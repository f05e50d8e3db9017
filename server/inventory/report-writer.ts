// Stores reports by group commit: reports of many sensors that arrive together share one transaction.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { openBatcher, type Waiting } from "../batcher.ts";
import { announce } from "../db/changes.ts";
import { isOutage } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import {
  listSensorFacts,
  markSensorsReported,
  type SensorFacts,
  updateSensorFacts,
} from "../sensors/sensors.ts";
import { applyReport, type Change, isComplete, type Reported, type ReportTimes } from "./apply-report.ts";
import { hostFactsOf } from "./host-facts.ts";
import { insertHistory, listBasesOf, lockInventories, upsertSensorInventories } from "./inventory-store.ts";
import type { Content, ManifestWriter } from "./storage/manifest-writer.ts";

export interface SensorReport {
  sensorId: string;
  /** The sensor's inventory was complete before. */
  wasComplete: boolean;
  times: ReportTimes;
  categories: (Omit<Reported, "content"> & { content?: Content })[];
}

const MAX_BATCH = 64;
/** Unnoticeable for a sensor, and long enough for others to join. */
const PACE_MS = 5;

export function openReportWriter(db: Database, manifests: ManifestWriter) {
  const batcher = openBatcher<SensorReport, true>({
    ...{ running: 1, paceMs: PACE_MS, take: takeBatch, work: write },
  });

  async function write(reports: SensorReport[]): Promise<(true | Error)[]> {
    try {
      await store(reports);
      return reports.map(() => true);
    } catch (error) {
      if (reports.length === 1 || isOutage(error)) throw error;
    }
    // One of them is at fault. The others must not fail with it.
    const outcomes: (true | Error)[] = [];
    for (const report of reports)
      outcomes.push(
        await store([report]).then(
          () => true as const,
          (error: Error) => error,
        ),
      );
    return outcomes;
  }

  async function store(reports: SensorReport[]): Promise<void> {
    const ids = reports.map(({ sensorId }) => sensorId);
    const contents = reports.flatMap(({ sensorId, categories }) =>
      categories.flatMap(({ category, content }) => (content ? [{ sensorId, category, content }] : [])),
    );
    // A first inventory has no content before it.
    const changed = reports.filter(({ wasComplete }) => wasComplete).map(({ sensorId }) => sensorId);
    const bases = await listBasesOf(db, changed);
    const ownBases = new Map(bases.map((row) => [`${row.sensorId} ${row.category}`, row.baseId]));
    const prepared = await manifests.prepare(
      contents.map(({ sensorId, category, content }) => ({
        ...{ category, content },
        own: ownBases.get(`${sensorId} ${category}`),
      })),
    );
    const facts = new Map<string, SensorFacts>();
    for (const { sensorId, category, content } of contents)
      if (category === "system") facts.set(sensorId, hostFactsOf(await manifests.readItems(content)));
    await inTransaction(db, async (tx) => {
      const manifestIds = await prepared.insert(tx);
      const states = statesBySensor(await lockInventories(tx, ids));
      const changes: (Change & { report: SensorReport })[] = [];
      for (const report of reports) {
        const own = states.get(report.sensorId) ?? new Map();
        states.set(report.sensorId, own);
        for (const { content, ...reported } of report.categories) {
          const stored = content && { manifestId: manifestIds.get(content)!, root: content.root };
          const change = applyReport(own.get(reported.category), report.sensorId, report.times, {
            ...reported,
            ...(stored ? { content: stored } : {}),
          });
          if (!change) continue;
          own.set(reported.category, change.state);
          changes.push({ ...change, report });
        }
      }
      await storeChanges(tx, changes);
      await storeFacts(tx, changes, facts);
      const complete = reports.filter(
        ({ sensorId, wasComplete }) => !wasComplete && isComplete(states.get(sensorId)!.values()),
      );
      await markSensorsReported(
        tx,
        complete.map(({ sensorId }) => sensorId),
        reports[0]!.times.now,
      );
      if (changes.length > 0) await announce(tx, "sensor");
    });
    await prepared.committed();
  }

  return { add: (report: SensorReport): Promise<true> => batcher.add(report) };
}

function statesBySensor(rows: Awaited<ReturnType<typeof lockInventories>>) {
  const states = new Map<string, Map<string, (typeof rows)[number]>>();
  for (const row of rows) {
    const own = states.get(row.sensorId);
    if (own) own.set(row.category, row);
    else states.set(row.sensorId, new Map([[row.category, row]]));
  }
  return states;
}

async function storeChanges(tx: Database, changes: Change[]): Promise<void> {
  await insertHistory(
    tx,
    changes.flatMap(({ former }) => former ?? []),
  );
  await upsertSensorInventories(
    tx,
    changes.map(({ state: { root: _, ...row } }) => row),
  );
}

/** Stores the names of hosts and systems that have changed. Most reports repeat those of the enrollment. */
async function storeFacts(
  tx: Database,
  changes: (Change & { report: SensorReport })[],
  facts: Map<string, SensorFacts>,
): Promise<void> {
  const changed = changes.filter(({ state }) => state.category === ("system" satisfies Category));
  const reported = changed.filter(({ state }) => facts.has(state.sensorId) && state.status === "collected");
  const stored = await listSensorFacts(
    tx,
    reported.map(({ state }) => state.sensorId),
  );
  for (const { state, report } of reported) {
    const said = facts.get(state.sensorId)!;
    const before: SensorFacts = stored.get(state.sensorId) ?? {};
    const names = Object.keys(said) as (keyof SensorFacts)[];
    if (names.some((name) => said[name] !== before[name]))
      await updateSensorFacts(tx, report.times.now, state.sensorId, said);
  }
}

/** Takes one report per sensor, so that its reports are stored in order. */
function takeBatch<W extends Waiting<SensorReport, true>>(waiting: W[]): { batch: W[]; rest: W[] } {
  const batch = new Map<string, W>();
  const rest: W[] = [];
  for (const one of waiting) {
    const { sensorId } = one.request;
    if (batch.size < MAX_BATCH && !batch.has(sensorId)) batch.set(sensorId, one);
    else rest.push(one);
  }
  return { batch: [...batch.values()], rest };
}
