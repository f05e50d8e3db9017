// The classes of sensors, with the number of sensors in each. A class has all values of a sensor that few
// others have: its token, asset group, standing, platform, version, operating system, architecture and tags.
// A fleet has a few thousand of them, of any size. So the classes that match a filter are chosen here, and a
// list is read from the index of each.
import { parseList } from "@attacklens/protocol/text-list.ts";
import { type RawBuilder, sql } from "kysely";
import { dialectOf } from "../db/dialect.ts";
import { liveGroupId } from "../db/live-group.ts";
import { isAmongMany, isAmongNumbers, numbersAsJson, parseNumbers } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { statement } from "../db/statement.ts";

export interface SensorClass {
  id: number;
  enrollmentTokenId: string;
  /** Of a group that may be deleted; empty: none. */
  assetGroupId: string;
  version: string;
  os: string;
  architecture: string;
  /** A JSON array. */
  tags: string;
}

/** The sensors of a class in a cell. */
export interface ClassCount {
  of: SensorClass;
  cell: number;
  sensors: number;
}

export interface CellCount {
  cell: number;
  sensors: number;
}

export interface ClassFilter {
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  /** Several values have commas. */
  version?: string | undefined;
  /** Sensors with at least one of them. Several values have commas. */
  tag?: string | undefined;
}

const cellCounts = statement((db) =>
  sql<CellCount>`
    select cell, sum(sensors) as sensors from sensor_count
    where class_id = 0 group by cell having sum(sensors) > 0`.compile(db),
);

/** Returns the number of all sensors in each cell that has some. */
export async function countCells(db: Database): Promise<CellCount[]> {
  const rows = await cellCounts(db, {});
  return rows.map(({ cell, sensors }) => ({ cell: Number(cell), sensors: Number(sensors) }));
}

const classCounts = statement((db) => {
  // The sum of numbers of 64 bits is a decimal number on PostgreSQL, which takes longer to add and to write.
  const sensors = sql`sum(cast(sensors as integer))`;
  const counted = sql`select class_id, cell, ${sensors} as sensors from sensor_count
    group by class_id, cell having ${sensors} > 0`;
  return sql<{ counted: string }>`
    select ${numbersAsJson(db, ["class_id", "cell", "sensors"], counted)} as counted`.compile(db);
});

interface Counts {
  all: readonly CellCount[];
  classes: readonly ClassCount[];
}

/** The last numbers of a database, with the text that they were read as. By the adapter. */
const lastCounts = new WeakMap<object, Counts & { counted: string }>();

/** Returns the number of sensors in each cell, and of each class in each cell. */
export async function countClasses(db: Database): Promise<Counts> {
  const { adapter } = db.getExecutor();
  const counted = (await classCounts(db, {}))[0]!.counted;
  const last = lastCounts.get(adapter);
  // Most lists find the numbers of the list before them.
  if (last?.counted === counted) return last;
  const numbers = parseNumbers(counted, 3) as [number, number, number][];
  const known = await knownClasses(
    db,
    numbers.map(([id]) => id),
  );
  const counts = {
    counted,
    all: numbers.flatMap(([id, cell, sensors]) => (id === 0 ? { cell, sensors } : [])),
    // On SQLite, a class may be deleted between the two reads, which then has no sensors.
    classes: numbers.flatMap(([id, cell, sensors]) => {
      const of = known.get(id);
      return of ? { of, cell, sensors } : [];
    }),
  };
  if (remembered.get(adapter)?.classes === known) lastCounts.set(adapter, counts);
  return counts;
}

/** A transaction of SQLite that fails gives back the ids of its classes. */
const isFinal = (db: Database) => !(dialectOf(db) === "sqlite" && db.isTransaction);

interface Remembered {
  classes: Map<number, SensorClass>;
  /** Their texts, each once: many classes have the same ones. */
  texts: Map<string, string>;
}

/** By the adapter, which transactions of a database share. */
const remembered = new WeakMap<object, Remembered>();
/** More are read again for each list. Each takes some hundred bytes. */
const MOST_REMEMBERED = 100_000;

/** A class never changes, and its id is not used again. */
async function knownClasses(db: Database, ids: readonly number[]): Promise<Map<number, SensorClass>> {
  const { adapter } = db.getExecutor();
  let known = remembered.get(adapter) ?? { classes: new Map(), texts: new Map() };
  const missing = [...new Set(ids)].filter((id) => id !== 0 && !known.classes.has(id));
  if (missing.length === 0) return known.classes;
  const { rows } = await sql<SensorClass>`
    select sensor_class.id, token_group.enrollment_token_id, token_group.asset_group_id, sensor_class.version,
      sensor_class.os, sensor_class.architecture, sensor_class.tags
    from sensor_class join token_group on token_group.id = sensor_class.token_group_id
    where ${isAmongNumbers(db, sql`sensor_class.id`, missing)}`.execute(db);
  if (known.classes.size + rows.length > MOST_REMEMBERED) known = onlyOf(known, ids);
  if (isFinal(db) && known.classes.size + rows.length <= MOST_REMEMBERED) remembered.set(adapter, known);
  else known = { classes: new Map(known.classes), texts: new Map(known.texts) };
  for (const row of rows) remember(known, row);
  return known.classes;
}

function remember({ classes, texts }: Remembered, of: SensorClass): void {
  const share = (text: string) => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  const id = Number(of.id);
  classes.set(id, {
    id,
    enrollmentTokenId: share(of.enrollmentTokenId),
    assetGroupId: share(of.assetGroupId),
    version: share(of.version),
    os: share(of.os),
    architecture: share(of.architecture),
    tags: share(of.tags),
  });
}

/** Without the classes that have no more sensors. */
function onlyOf({ classes }: Remembered, ids: readonly number[]): Remembered {
  const kept: Remembered = { classes: new Map(), texts: new Map() };
  const wanted = new Set(ids);
  for (const [id, of] of classes) if (wanted.has(id)) remember(kept, of);
  return kept;
}

/** Whether only some classes match. */
export const isNarrow = ({ enrollmentTokenId, assetGroupId, version, tag }: ClassFilter) =>
  [enrollmentTokenId, assetGroupId, version || undefined, tag || undefined].some((one) => one !== undefined);

/** Returns the classes that match the filter. */
export async function chooseClasses(
  db: Database,
  classes: readonly ClassCount[],
  { enrollmentTokenId, assetGroupId, version, tag }: ClassFilter,
): Promise<ClassCount[]> {
  const versions = version ? new Set(parseList(version)) : undefined;
  const tags = tag ? new Set(parseList(tag)) : undefined;
  const group = assetGroupId === undefined ? undefined : await findLiveGroup(db, assetGroupId);
  return classes.filter(
    ({ of }) =>
      (enrollmentTokenId === undefined || of.enrollmentTokenId === enrollmentTokenId) &&
      (assetGroupId === undefined || of.assetGroupId === group) &&
      (versions?.has(of.version) ?? true) &&
      (tags === undefined ||
        (of.tags !== "[]" && (JSON.parse(of.tags) as string[]).some((one) => tags.has(one)))),
  );
}

async function findLiveGroup(db: Database, id: string): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`select ${liveGroupId(id)} as id`.execute(db);
  return rows[0]!.id;
}

/** The sensors that the filters of classes choose. */
export interface Chosen {
  /** All sensors, also those that are not chosen. */
  all: readonly CellCount[];
  /** Absent: all sensors are chosen. */
  classes?: readonly ClassCount[] | undefined;
}

/** Returns the condition that a sensor is chosen, for which no index is used. */
export function isChosen(db: Database, { classes }: Chosen, classId: RawBuilder<unknown>) {
  return classes ? [isAmongMany(db, classId, idsOf(classes))] : [];
}

export const idsOf = (classes: readonly ClassCount[]) => [...new Set(classes.map(({ of }) => of.id))];

/** Returns the number of chosen sensors in each cell that has some. */
export function countChosen({ all, classes }: Chosen): CellCount[] {
  if (!classes) return [...all];
  return [...Map.groupBy(classes, ({ cell }) => cell)].map(([cell, some]) => ({
    cell,
    sensors: some.reduce((sum, { sensors }) => sum + sensors, 0),
  }));
}

export const sumOf = (counts: readonly { sensors: number }[]) =>
  counts.reduce((sum, { sensors }) => sum + sensors, 0);
