// The PostgreSQL of a run of benchmarks: with durable writes, or the one of --database.
import { createTestDatabase, type TestDatabase } from "../harness/databases.ts";
import { openDurablePostgres } from "../harness/postgres.ts";
import { openZabbix, type Zabbix } from "./zabbix.ts";

export interface BenchPostgres {
  /** The process whose CPU time counts; none for the one of --database, which may be on another machine. */
  pids: number[];
  createDatabase(): Promise<TestDatabase>;
  /** With a database in the same PostgreSQL. */
  openZabbix(folder: string): Promise<Zabbix>;
}

/** Starts it unless `url` names one. */
export async function openBenchPostgres(url: string | undefined): Promise<BenchPostgres & AsyncDisposable> {
  const started = url === undefined ? await openDurablePostgres() : undefined;
  const administrator = url ?? started!.url;
  return {
    pids: started ? [started.pid] : [],
    createDatabase: () => createTestDatabase(administrator),
    async openZabbix(folder) {
      const database = await createTestDatabase(administrator);
      const zabbix = await openZabbix(folder, database.url);
      return {
        ...zabbix,
        async [Symbol.asyncDispose]() {
          await zabbix[Symbol.asyncDispose]();
          await database[Symbol.asyncDispose]();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await started?.[Symbol.asyncDispose]();
    },
  };
}
