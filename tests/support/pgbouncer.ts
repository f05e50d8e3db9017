// PgBouncer in transaction mode in front of PostgreSQL. Uses the PgBouncer in PATH, otherwise Debian's
// package if we may install it.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findOrInstall } from "../../harness/debian.ts";
import { findFreePort } from "../../harness/free-port.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { isListening } from "./listening.ts";

export interface PgBouncer extends AsyncDisposable {
  /** The URL of the same database through PgBouncer. */
  url: string;
}

const START_TIMEOUT_MS = 45_000;

export interface PgBouncerOptions {
  databaseUrl: string;
  /** Additional lines of the configuration. */
  settings?: string;
}

/** Resolves when PgBouncer listens. Throws with its log if it does not. */
export async function startPgBouncer({ databaseUrl, settings = "" }: PgBouncerOptions): Promise<PgBouncer> {
  const program = await findOrInstall("pgbouncer");
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(openTemporaryFolder("pgbouncer")).path;
  // Another account runs PgBouncer, and writes its log here.
  chmodSync(folder, 0o777);
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  const database = pathname.slice(1);
  const secret = password === "" ? "" : ` password='${decodeURIComponent(password)}'`;
  const ownPort = await findFreePort();
  const log = join(folder, "pgbouncer.log");
  const users = join(folder, "users.txt");
  writeFileSync(users, `"${username}" "${decodeURIComponent(password)}"\n`);
  const configuration = join(folder, "pgbouncer.ini");
  writeFileSync(
    configuration,
    `[databases]
${database} = host=${hostname} port=${port} dbname=${database} user=${username}${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 5
logfile = ${log}
${settings}
`,
  );
  // PgBouncer refuses to run as root.
  const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const child = spawn(program, ["-q", configuration], { stdio: "ignore", ...account });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const hasEnded = () => child.exitCode !== null;
  const isUp = async () => hasEnded() || (await isListening(ownPort));
  const isInTime = await waitUntil("PgBouncer listens", isUp, START_TIMEOUT_MS).catch(() => false);
  if (!isInTime || hasEnded()) {
    child.kill("SIGTERM");
    throw new Error(`Cannot start PgBouncer:\n${existsSync(log) ? readFileSync(log, "utf8") : ""}`);
  }
  const opened = opening.move();
  return {
    url: `postgres://${username}@127.0.0.1:${ownPort}/${database}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
      await opened.disposeAsync();
    },
  };
}
