// Finds the queries of a list that scan a large table, with the EXPLAIN of the database.
import {
  type AccessMode,
  type CompiledQuery,
  type IsolationLevel,
  type KyselyPlugin,
  type QueryId,
  sql,
  type TransactionBuilder,
} from "kysely";
import { fleetId } from "../../harness/fleet-rows.ts";
import type { Dialect } from "../db/dialect.ts";
import type { Database, Schema } from "../db/schema.ts";

/** A token without attempts, and a group without assets. */
const EMPTY_PARENTS = new Set<unknown>([fleetId("tok", 21), fleetId("grp", 21)]);
/** Tables that grow with the fleet, and their aliases in queries. */
const LARGE = new Set([
  ...[
    "sensor",
    "sensor_listing",
    "sensor_presence",
    "sensor_match",
    "sensor_instance",
    "known_key",
    "original",
    "successor",
  ],
  ...["later", "earlier", "seen", "clone", "asset", "asset_identifier", "enrollment_attempt"],
  ...["sensor_update", "inventory_history", "inventory_state", "inventory_manifest", "inventory_pack_key"],
  ...["inventory_pack", "inventory_chunk_scope"],
]);

/** Contains only the open pairs. A list reads no more of them than it sorts for a page. */
const BOUNDED = "sensor_match_open";

/** How the description begins of a join that is no whole scan, but takes as long as many. */
export const COMPARES = "compares each row with each value";

/** Returns the queries that a list sends. */
export async function queriesOf(
  db: Database,
  list: (db: Database) => Promise<unknown>,
): Promise<CompiledQuery[]> {
  const sent: CompiledQuery[] = [];
  await list(recording(db, sent));
  return sent;
}

/** Returns the scans of whole tables in the plans of the queries. `without`: an index to drop first. */
export async function readWhole(
  db: Database,
  dialect: Dialect,
  queries: CompiledQuery[],
  without?: string,
): Promise<string[]> {
  const tx = await db.startTransaction().execute();
  try {
    if (without) await sql`drop index ${sql.id(without)}`.execute(tx);
    const wrong: string[] = [];
    for (const query of queries) {
      // Applies the settings of the list, which are valid only for its own queries.
      if (query.sql.includes("set_config")) {
        await tx.executeQuery(query);
        continue;
      }
      const lines = dialect === "sqlite" ? await explainSqlite(tx, query) : await explainPostgres(tx, query);
      if (lines.length > 0) wrong.push(`${lines.join("; ")}\n    ${query.sql}`);
    }
    return wrong;
  } finally {
    await tx.rollback().execute();
  }
}

/** Returns the plans as text of the database. */
export async function plansOf(db: Database, dialect: Dialect, queries: CompiledQuery[]): Promise<string> {
  const tx = await db.startTransaction().execute();
  try {
    const plans: unknown[] = [];
    for (const query of queries) {
      if (query.sql.includes("set_config")) await tx.executeQuery(query);
      else if (dialect === "postgres") plans.push(await explainPrepared(tx, query, "explain"));
      else plans.push((await tx.executeQuery({ ...query, sql: `explain query plan ${query.sql}` })).rows);
    }
    return JSON.stringify(plans);
  } finally {
    await tx.rollback().execute();
  }
}

/** Returns the same database, which records the compiled queries in `sent`. */
function recording(db: Database, sent: CompiledQuery[]): Database {
  const compiled = new WeakMap<QueryId, CompiledQuery>();
  const recorder: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      compiled.set(queryId, db.getExecutor().compileQuery(node, queryId));
      return node;
    },
    // Recorded at the result, because a subquery has an id but no result.
    async transformResult({ result, queryId }) {
      sent.push(compiled.get(queryId)!);
      return result;
    },
  };
  // A statement that is built once has its parameters only here, and perhaps no other query built it.
  const noting = (handle: Database): Database =>
    replacing(handle, {
      executeQuery(query: CompiledQuery) {
        compiled.set(query.queryId, query);
        return handle.executeQuery(query);
      },
      transaction: () => notingIn(handle.transaction()),
      withoutPlugins: () => noting(handle.withoutPlugins().withPlugin(recorder)),
    });
  const notingIn = (builder: TransactionBuilder<Schema>): TransactionBuilder<Schema> =>
    replacing(builder, {
      setIsolationLevel: (level: IsolationLevel) => notingIn(builder.setIsolationLevel(level)),
      setAccessMode: (mode: AccessMode) => notingIn(builder.setAccessMode(mode)),
      execute: (work: (tx: Database) => Promise<unknown>) => builder.execute((tx) => work(noting(tx))),
    });
  return noting(db.withPlugin(recorder));
}

function replacing<T extends object>(target: T, members: object): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(Object.hasOwn(members, name) ? members : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/**
 * A SCAN in the order of the result reads only the rows of the page, also if rows with equal values are
 * sorted by the last term. Any other SCAN reads the whole table.
 */
async function explainSqlite(db: Database, query: CompiledQuery): Promise<string[]> {
  const { rows } = await db.executeQuery<{ detail: string; parent: number }>({
    ...query,
    sql: `explain query plan ${query.sql}`,
  });
  const details = rows.map(({ detail }) => detail);
  // The first rows of a part are few.
  const merged = new Set(
    rows.filter(({ detail }) => /^SCAN part\d/.test(detail)).map(({ parent }) => parent),
  );
  const isSorted = rows.some(
    ({ detail, parent }) =>
      /^USE TEMP B-TREE FOR (?!LAST TERM).*ORDER BY/.test(detail) && !merged.has(parent),
  );
  if (isSorted && isWalk(query)) return ["sorts all that match"];
  return details.filter((detail) => {
    const [, table, index] = /^SCAN (\w+)(?: AS \w+)?( USING (?:COVERING )?INDEX \w+)?/.exec(detail) ?? [];
    if (index?.endsWith(BOUNDED)) return false;
    const isOrder = index !== undefined && !isSorted && !isOfOneParent(query);
    return table !== undefined && LARGE.has(table) && !isOrder;
  });
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  "Join Filter"?: string;
  Plans?: PlanNode[];
}

async function explainPostgres(db: Database, query: CompiledQuery): Promise<string[]> {
  const [row] = (await explainPrepared(db, query, "explain (format json)")) as {
    "QUERY PLAN": [{ Plan: PlanNode }];
  }[];
  const plan = Object.values(row!)[0] as [{ Plan: PlanNode }];
  return wholeReads(plan[0].Plan, isOfOneParent(query), isWalk(query));
}

/** Like `explain`, which would always plan the query for its values. */
async function explainPrepared(db: Database, query: CompiledQuery, explain: string): Promise<unknown[]> {
  await db.executeQuery({ ...query, sql: `prepare checked as ${query.sql}`, parameters: [] });
  const values = query.parameters.map((value) =>
    value === null || typeof value === "number" ? String(value) : `'${String(value).replaceAll("'", "''")}'`,
  );
  const list = values.length > 0 ? `(${values.join(", ")})` : "";
  const { rows } = await db.executeQuery({
    ...query,
    sql: `${explain} execute checked${list}`,
    parameters: [],
  });
  await db.executeQuery({ ...query, sql: "deallocate checked", parameters: [] });
  return rows;
}

/**
 * Returns whether the query reads the assets of a group without assets, or the attempts with a token without
 * attempts. An index must find them, for any number of other rows.
 */
function isOfOneParent({ sql, parameters }: CompiledQuery): boolean {
  return (
    /from "(asset|enrollment_attempt)" where .*"(asset_group_id|enrollment_token_id)" = /.test(sql) &&
    parameters.some((value) => EMPTY_PARENTS.has(value))
  );
}

/**
 * Returns whether the query reads a page of a large table with many candidates. An index must give its order.
 */
function isWalk({ sql }: CompiledQuery): boolean {
  return (
    /\) as found from /.test(sql) ||
    /as id\s+from sensor_presence (cross join sensor_listing)?\s+where .* order by/s.test(sql) ||
    /as "(cursor_id|one)" from "(sensor|sensor_presence|asset|enrollment_attempt)" .* order by/.test(sql) ||
    /^select "sensor"."id" from "sensor" .* order by "sensor"."enrolled_at"/.test(sql)
  );
}

function wholeReads(node: PlanNode, isSorted: boolean, isWalked: boolean): string[] {
  const type = node["Node Type"];
  const table = node["Relation Name"];
  const isLarge = table !== undefined && LARGE.has(table);
  const isIndex = /Index/.test(type);
  // The first rows of several parts.
  const isMerge = node.Plans?.length === 1 && node.Plans[0]!["Node Type"] === "Append";
  if (isWalked && /Sort/.test(type) && !isMerge) return ["sorts all that match"];
  const wrong =
    isLarge &&
    (type === "Seq Scan" ||
      (isIndex && node["Index Cond"] === undefined && isSorted && node["Index Name"] !== BOUNDED))
      ? [`${type} on ${table} ${node["Index Name"] ?? ""}`]
      : [];
  // For each row, all values of a set: as many comparisons as both have rows, multiplied.
  const isCompared =
    type === "Nested Loop" &&
    node["Join Filter"] !== undefined &&
    node.Plans?.at(-1)?.["Node Type"] === "Function Scan";
  if (isCompared) wrong.push(`${COMPARES}: ${node["Join Filter"]}`);
  const sorts = isSorted || type === "Sort" || type === "Hash";
  return [...wrong, ...(node.Plans ?? []).flatMap((child) => wholeReads(child, sorts, isWalked))];
}
