// Which identifiers of assets have an index of their values. A query for the values of others reads the whole
// table.
import { sql } from "kysely";

/** Exactly as in the index, so that the databases use it. */
export const isSearchedIdentifier = sql<boolean>`asset_identifier.type not in ('hostname', 'machine-id')`;
