// The data folder of a server with one Super Admin, made once for all tests of a process: the built server
// creates it, and its setup link is used. That takes as much CPU as a start of the server.
import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completeSetup } from "@attacklens/protocol/account.ts";
import { call, type Session } from "../../harness/api-client.ts";
import { fleetStatements } from "../../harness/fleet-rows.ts";
import { type RunningServer, startServer } from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

export const SUPER_ADMIN = {
  name: "Ada Super",
  email: "ada@example.com",
  password: "violet tractor swims 42",
};

/** Creates the first Super Admin with the setup link. Returns the session. */
export async function setUp(url: string, setupLink: string): Promise<Session> {
  const code = new URL(setupLink).hash.slice("#code=".length);
  const session: Session = {};
  await call(url, completeSetup, { body: { code, ...SUPER_ADMIN } }, session);
  return session;
}

interface PreparedData {
  /** Contents by the name of the file. */
  files: Map<string, Buffer>;
  /** Of the Super Admin, for a server over HTTP. */
  session: Session;
}

let prepared: Promise<PreparedData> | undefined;

async function prepare(): Promise<PreparedData> {
  using folder = openTemporaryFolder("prepared");
  const dataDir = join(folder.path, "server");
  const server: RunningServer = await startServer({ dataDir, logFile: join(folder.path, "server.log") });
  const session = await setUp(server.url, server.setupLink!).finally(() => server.stop());
  const read = (name: string) => [name, readFileSync(join(dataDir, name))] as const;
  return { files: new Map(readdirSync(dataDir).map(read)), session };
}

/** Writes the data to a folder that does not exist. Returns a session of the Super Admin over HTTP. */
export async function copyPreparedData(dataDir: string): Promise<Session> {
  prepared ??= prepare();
  const { files, session } = await prepared;
  mkdirSync(dataDir, { mode: 0o700 });
  for (const [name, content] of files) writeFileSync(join(dataDir, name), content, { mode: 0o600 });
  return { ...session };
}

/** Adds a fleet of sensors to the SQLite database of a server that runs. */
export function insertFleet(folder: string, sensors: number): void {
  using sqlite = new Database(join(folder, "server", "attacklens.db"));
  sqlite.run("PRAGMA busy_timeout = 30000");
  for (const statement of fleetStatements({ dialect: "sqlite", sensors, now: Date.now() }))
    sqlite.run(statement);
}
