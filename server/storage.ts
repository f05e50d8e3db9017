// The database of a server, and the handles and threads that read it.
import type { Config } from "./config.ts";
import { openCheckpoints } from "./db/checkpoints.ts";
import { listenForChanges } from "./db/listen.ts";
import { openConnection, openDatabase, sqliteFile } from "./db/open.ts";
import { DEFAULT_MAX_CONNECTIONS } from "./db/postgres.ts";
import { openReads } from "./db/reads.ts";
import type { Database } from "./db/schema.ts";
import { lockDataDir } from "./db/serve-lock.ts";
import { openThread } from "./db/thread.ts";
import type { SortedItems } from "./inventory/sorted-items.ts";
import type { openLog } from "./log.ts";

export interface Storage extends AsyncDisposable {
  db: Database;
  /** For the presence of sensors, which waits for no other request. */
  presenceDb: Database;
  /** For the reads of users. */
  reads: Database;
  /** For reads that may take seconds. They do not delay the others. */
  longReads: Database;
  sortedItems: SortedItems;
}

/** Throws if another server uses the data folder, or the database cannot be opened or upgraded. */
export async function openStorage(
  config: Config,
  ownUrl: string,
  log: ReturnType<typeof openLog>,
): Promise<Storage> {
  await using opening = new AsyncDisposableStack();
  const { dataDir, databaseUrl, databasePool = DEFAULT_MAX_CONNECTIONS } = config;
  const onConnectionError = (error: Error) => log.warn({ err: error }, "database connection lost");
  if (!databaseUrl) opening.use(lockDataDir(dataDir, ownUrl));
  const checkpoints = databaseUrl ? undefined : openCheckpoints(sqliteFile(dataDir));
  const db = await openDatabase(
    { ...config, maxConnections: Math.max(1, databasePool - 1) },
    {
      onConnectionError,
      onLargeWal: checkpoints?.request,
      onUpgrade: (upgrade) => log.info(upgrade, "upgrading the database"),
      onSlowSearch: (reason) =>
        log.warn(
          { reason, hint: "as a superuser: CREATE EXTENSION pg_trgm, then restart the server" },
          "searches read all names: PostgreSQL has no index for them",
        ),
    },
  );
  opening.defer(() => db.destroy());
  // Before the database: its last connection deletes the WAL.
  if (checkpoints) opening.use(checkpoints);
  const hasMore = databaseUrl !== undefined && databasePool > 1;
  const another = hasMore ? await openConnection(databaseUrl, onConnectionError) : undefined;
  opening.defer(() => another?.destroy());
  const { db: reads } = opening.use(openReads(db, config, "page"));
  const { db: longReads } = opening.use(openReads(db, config, "export"));
  const items = opening.use(
    openThread<object, Parameters<SortedItems>[0], Awaited<ReturnType<SortedItems>>>(
      "server/inventory/items-worker.ts",
      { dataDir, databaseUrl },
    ),
  );
  if (databaseUrl) opening.use(listenForChanges(db, config.listenUrl ?? databaseUrl, log));
  const opened = opening.move();
  return {
    ...{ db, presenceDb: another ?? db, reads, longReads },
    sortedItems: (question) => items.ask(question),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
