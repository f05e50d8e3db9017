// Statements of a page of rows with many columns. The database returns all rows as one value: to pass it to
// another thread, and to read it, takes less time than a value for each column of each row.
import {
  AliasNode,
  ColumnNode,
  IdentifierNode,
  type OperationNode,
  ReferenceNode,
  type SelectQueryBuilder,
  SelectQueryNode,
  type Simplify,
  sql,
} from "kysely";
import { parseRows, rowsAsJson } from "./dialect.ts";
import type { Database } from "./schema.ts";
import { type Place, statement } from "./statement.ts";

/**
 * The same as `statement`, for a query that selects texts and numbers by different names. Its rows have no
 * order.
 */
export function rowsStatement<Values extends object, DB, TB extends keyof DB, Row>(
  build: (db: Database, place: Place<Values>) => SelectQueryBuilder<DB, TB, Row>,
): (db: Database, values: Values) => Promise<Simplify<Row>[]> {
  let members: string[] = [];
  const all = statement(
    (db, place: Place<Values>) => {
      const query = build(db, place);
      const columns = namesOf(query.toOperationNode());
      members = columns.map((name) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
      return sql<{ rows: unknown }>`select ${rowsAsJson(db, columns, sql`${query}`)} as rows`.compile(db);
    },
    { hasPlainNames: true },
  );
  return async (db, values) => {
    const [result] = await all(db, values);
    return parseRows(result!.rows).map((row) => {
      const object: Record<string, unknown> = {};
      for (let place = 0; place < members.length; place++) object[members[place]!] = row[place];
      return object as Simplify<Row>;
    });
  };
}

/** Returns the names of the columns of a query. */
function namesOf(query: OperationNode): string[] {
  if (!SelectQueryNode.is(query)) throw new Error("Only a select with one part has known columns");
  return (query.selections ?? []).map(({ selection }) => {
    const name = AliasNode.is(selection) ? selection.alias : columnOf(selection);
    if (!IdentifierNode.is(name)) throw new Error("Each column needs a name");
    return name.name;
  });
}

function columnOf(selection: OperationNode): OperationNode {
  const column = ReferenceNode.is(selection) ? selection.column : selection;
  return ColumnNode.is(column) ? column.column : column;
}
