// The type of a migration. It receives the dialect, so that this folder imports nothing from the rest of db/.
import type { Kysely } from "kysely";

export type Dialect = "sqlite" | "postgres";

export interface Migration {
  // biome-ignore lint/suspicious/noExplicitAny: a migration's database has no schema type
  up(db: Kysely<any>, dialect: Dialect): Promise<void>;
}
