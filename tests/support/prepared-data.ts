// The data folder of a server with one Super Admin, made once for all tests of a process: the built server
// creates it, and its setup link is used. That takes as much CPU as a start of the server.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { completeSetup } from "@attacklens/protocol/account.ts";
import { call, type Session } from "../../harness/api-client.ts";
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
  dataDir: string;
  /** Of the Super Admin, for a server over HTTP. */
  session: Session;
}

let prepared: Promise<PreparedData> | undefined;

async function prepare(): Promise<PreparedData> {
  const folder = openTemporaryFolder("prepared");
  process.on("exit", () => folder[Symbol.dispose]());
  const dataDir = join(folder.path, "server");
  const server: RunningServer = await startServer({ dataDir, logFile: join(folder.path, "server.log") });
  try {
    return { dataDir, session: await setUp(server.url, server.setupLink!) };
  } finally {
    await server.stop();
  }
}

/** Copies the data to a folder that does not exist. Returns a session of the Super Admin over HTTP. */
export async function copyPreparedData(dataDir: string): Promise<Session> {
  prepared ??= prepare();
  const { dataDir: original, session } = await prepared;
  cpSync(original, dataDir, { recursive: true });
  return { ...session };
}
