// Stores reports: the states of categories, their former contents, and the facts of hosts.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { TypeFacts } from "../assets/asset-type.ts";
import { storeTypeFacts } from "../assets/asset-types.ts";
import { announce } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";
import { listSensorFacts, type SensorFacts, updateSensorFacts } from "../sensors/sensors.ts";
import { openTurns } from "../turns.ts";
import { applyReport, type Change, isComplete, type Reported, type ReportTimes } from "./apply-report.ts";
import { hostFactsOf } from "./host-facts.ts";
import {
  type CategoryState,
  insertHistory,
  listInventories,
  upsertSensorInventories,
} from "./inventory-store.ts";
import type { Content, ManifestWriter } from "./storage/manifest-writer.ts";
import { TYPE_CATEGORIES, typeFactsOf } from "./type-facts.ts";

export interface SensorReport<StoredContent = Content> {
  sensorId: string;
  /** The sensor's inventory was complete before. */
  wasComplete: boolean;
  times: ReportTimes;
  categories: (Omit<Reported, "content"> & { content?: StoredContent })[];
}

type SensorChange = Change & { report: SensorReport };

export function openReportWriter(manifests: ManifestWriter) {
  return {
    /** Prepares what a transaction inserts. At most one report per sensor. */
    async prepare(reports: readonly SensorReport[]) {
      const ids = reports.map(({ sensorId }) => sensorId);
      const contents = reports.flatMap(({ sensorId, categories }) =>
        categories.flatMap(({ category, content }) => (content ? [{ sensorId, category, content }] : [])),
      );
      const prepared = await manifests.prepare(contents.map(({ content }) => content));
      const facts = await readFacts(contents, manifests);
      return {
        /** Returns the sensors whose inventory has changed. They have to be locked. */
        async insert(tx: Database): Promise<string[]> {
          if (reports.length === 0) return [];
          const manifestIds = await prepared.insert(tx);
          const stored = await listSensorFacts(tx, ids);
          const states = statesBySensor(await listInventories(tx, ids));
          const changes = changesOf(reports, states, manifestIds);
          await storeChanges(tx, changes, states);
          await storeFacts(tx, changes, facts.hosts, stored);
          await storeTypeFacts(tx, typeFactsOfChanges(changes, facts.types));
          if (changes.length > 0) await announce(tx, "sensor");
          return [...new Set(changes.map(({ state }) => state.sensorId))];
        },
        committed: () => prepared.committed(),
      };
    },
  };
}

export type ReportWriter = ReturnType<typeof openReportWriter>;

interface SensorContent {
  sensorId: string;
  category: Category;
  content: Content;
}

const keyOf = (sensorId: string, category: string) => `${sensorId} ${category}`;

/** What the reports say about hosts, by sensor, and about the types of assets, by sensor and category. */
interface ReportedFacts {
  hosts: Map<string, SensorFacts>;
  types: Map<string, TypeFacts>;
}

async function readFacts(
  contents: readonly SensorContent[],
  manifests: ManifestWriter,
): Promise<ReportedFacts> {
  const facts: ReportedFacts = { hosts: new Map(), types: new Map() };
  const turns = openTurns("write");
  for (const { sensorId, category, content } of contents) {
    if (turns.isOver()) await turns.next();
    if (!TYPE_CATEGORIES.includes(category)) continue;
    const items = await manifests.readItems(content);
    facts.types.set(keyOf(sensorId, category), typeFactsOf(category, items));
    if (category === "system") facts.hosts.set(sensorId, hostFactsOf(items));
  }
  return facts;
}

/** By sensor, only of categories that have changed. */
function typeFactsOfChanges(changes: readonly SensorChange[], facts: ReadonlyMap<string, TypeFacts>) {
  const changed = new Map<string, TypeFacts>();
  for (const { state } of changes) {
    const said = state.status === "collected" && facts.get(keyOf(state.sensorId, state.category));
    if (said) changed.set(state.sensorId, { ...changed.get(state.sensorId), ...said });
  }
  return changed;
}

/** Applies the reports to the states, in the map as well. */
function changesOf(
  reports: readonly SensorReport[],
  states: Map<string, Map<string, CategoryState>>,
  manifestIds: ReadonlyMap<Content, number>,
): SensorChange[] {
  const changes: SensorChange[] = [];
  for (const report of reports) {
    const own = states.get(report.sensorId) ?? new Map<string, CategoryState>();
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
  return changes;
}

function statesBySensor(rows: CategoryState[]): Map<string, Map<string, CategoryState>> {
  const states = new Map<string, Map<string, CategoryState>>();
  for (const row of rows) {
    const own = states.get(row.sensorId);
    if (own) own.set(row.category, row);
    else states.set(row.sensorId, new Map([[row.category, row]]));
  }
  return states;
}

/** Ends the status pending of sensors whose first inventory is complete. */
async function storeChanges(
  tx: Database,
  changes: readonly SensorChange[],
  states: ReadonlyMap<string, ReadonlyMap<string, CategoryState>>,
): Promise<void> {
  await insertHistory(
    tx,
    changes.flatMap(({ former }) => former ?? []),
  );
  const changed = new Set(changes.map(({ report }) => report));
  await upsertSensorInventories(
    tx,
    Array.from(changed, ({ sensorId, wasComplete, times }) => {
      const own = [...states.get(sensorId)!.values()];
      return { sensorId, completedAt: !wasComplete && isComplete(own) ? times.now : null, states: own };
    }),
  );
}

/** Stores the names of hosts and systems that have changed. Most reports repeat those of the enrollment. */
async function storeFacts(
  tx: Database,
  changes: readonly SensorChange[],
  facts: ReadonlyMap<string, SensorFacts>,
  stored: ReadonlyMap<string, SensorFacts>,
): Promise<void> {
  for (const { state, report } of changes) {
    const said = facts.get(state.sensorId);
    const isSystem = state.category === ("system" satisfies Category) && state.status === "collected";
    if (!isSystem || !said) continue;
    const before: SensorFacts = stored.get(state.sensorId) ?? {};
    const names = Object.keys(said) as (keyof SensorFacts)[];
    const other = names.filter((name) => said[name] !== before[name]);
    const changed = Object.fromEntries(other.map((name) => [name, said[name]]));
    await updateSensorFacts(tx, report.times.now, state.sensorId, changed);
  }
}
