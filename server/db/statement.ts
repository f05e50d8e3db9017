// Statements of frequent requests: built and compiled once for each database, then executed with parameters.
// Building and compiling a query at each call takes more time than SQLite needs to execute it.
import { type CompiledQuery, type RawBuilder, sql } from "kysely";
import { type Dialect, dialectOf } from "./dialect.ts";
import { prepareOften, sendAhead } from "./prepared.ts";
import type { Database } from "./schema.ts";

class Parameter {
  constructor(readonly name: string) {}
}

/** Returns the place of a value in a statement. */
export type Place<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/**
 * Returns a function that executes the statement with values. `build` is called once for each dialect, and
 * must depend on nothing else. `isUnread`: the result is not used. See `sendAhead` about errors.
 * `hasPlainNames`: the names of the columns are used as they are in SQL.
 */
export function statement<Values extends object, Row>(
  build: (db: Database, place: Place<Values>) => CompiledQuery<Row>,
  { isUnread = false, hasPlainNames = false } = {},
): (db: Database, values: Values) => Promise<Row[]> {
  const compiled: Partial<Record<Dialect, CompiledQuery<Row>>> = {};
  const place: Place<Values> = (name) => sql.val(new Parameter(name)) as RawBuilder<never>;
  return async (db, values) => {
    compiled[dialectOf(db)] ??= prepared(build(db, place), isUnread);
    const query = compiled[dialectOf(db)]!;
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Parameter ? values[parameter.name as keyof Values] : parameter,
    );
    const executor = hasPlainNames ? db.withoutPlugins() : db;
    return (await executor.executeQuery<Row>({ ...query, parameters })).rows;
  };
}

function prepared<Row>(query: CompiledQuery<Row>, isUnread: boolean): CompiledQuery<Row> {
  prepareOften(query.sql);
  if (isUnread) sendAhead(query.sql);
  return query;
}
