// Kills the built server with SIGKILL, again and again: under load, while it starts, while it upgrades a
// database of an earlier schema, while two servers start at once, and while it stops. Also kills PostgreSQL
// and single processes of it under load. After each kill, the server must start again and have everything
// that it acknowledged, exactly once, as acknowledged.ts describes, and the chain of audit events must be
// intact. The seed determines all faults. crash-cycles.test.ts starts this program, which prints its results
// as JSON.
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SQL } from "bun";
import { programPath, SERVER } from "../../harness/build.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { openDurablePostgres } from "../../harness/postgres.ts";
import {
  cleanEnvironment,
  lastLines,
  type RunningServer,
  runServerCommand,
  startServer,
} from "../../harness/programs.ts";
import { seededRandom } from "../../harness/seeded-random.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openAcknowledged } from "./acknowledged.ts";

const { values } = parseArgs({
  options: {
    database: { type: "string" },
    cycles: { type: "string" },
    seed: { type: "string" },
    /** The path of an earlier build. Half of the databases are then created by it. */
    "earlier-server": { type: "string" },
  },
});
const cycles = Number(values.cycles);
const random = seededRandom(Number(values.seed));
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const SECRET = "a secret that all servers of these cycles share";
/** Cycles per database. Starting again with a new database also tests kills with small databases. */
const CYCLES_OF_ONE_DATABASE = 12;
const MOST_LOAD_MS = 1_000;
const MOST_STOP_MS = 300;
/** One of this number of cycles has a fault besides a kill under load. */
const OTHER_FAULTS = 5;
/** The duration of the last start, within which the next start is killed. */
let startMs = 500;

const seen: Record<string, number> = {};
const problems: string[] = [];
const count = (name: string) => {
  seen[name] = (seen[name] ?? 0) + 1;
};
const problem = (text: string) => {
  problems.push(text);
  process.stderr.write(`PROBLEM ${text}\n`);
};

/** A separate one, so that it can be killed. */
const postgres = values.database === "postgres" ? await openDurablePostgres() : undefined;

/** Opens an installation whose server is killed and started. */
async function openVictim(number: number) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(openTemporaryFolder("crash")).path;
  const database = postgres && opening.use(await createTestDatabase(postgres.url));
  const [dataDir, logFile] = [join(folder, "server"), join(folder, "server.log")];
  mkdirSync(dataDir, { mode: 0o700 });
  const environment = {
    ...{ ATTACKLENS_SECRET: SECRET, ATTACKLENS_LOG_LEVEL: "warn" },
    ...(database ? { DATABASE_URL: database.url } : {}),
  };
  const opened = opening.move();
  return {
    name: `database ${number}`,
    logFile,
    dataDir,
    databaseUrl: database?.url,
    start: () => startServer({ dataDir, logFile, databaseUrl: database?.url, environment }),
    /** Starts a server and returns immediately. */
    spawn(program = programPath(SERVER)) {
      const log = openSync(logFile, "a");
      return Bun.spawn([program, "serve", "--data", dataDir, "--listen", "127.0.0.1:0"], {
        env: cleanEnvironment(environment),
        stdin: "ignore",
        stdout: "pipe",
        stderr: log,
      });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

type Victim = Awaited<ReturnType<typeof openVictim>>;
type Acknowledged = ReturnType<typeof openAcknowledged>;

/** Sends concurrent requests until `end` has stopped the server. */
async function load(
  server: { url: string; exited: Promise<number> },
  acknowledged: Acknowledged,
  end: () => Promise<unknown>,
) {
  acknowledged.back();
  const workers = Array.from({ length: 8 }, async () => {
    while (!acknowledged.isAway()) await acknowledged.act(server.url);
  });
  await end();
  await server.exited;
  await Promise.all(workers);
}

const kill = (pid: number, signal: NodeJS.Signals = "SIGKILL") => {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has already exited.
  }
};

type Fault = (server: RunningServer, victim: Victim, acknowledged: Acknowledged) => Promise<void>;

const underLoad: Fault = (server, _, acknowledged) =>
  load(server, acknowledged, async () => {
    await Bun.sleep(random() * MOST_LOAD_MS);
    kill(server.pid);
  });

const whileStopping: Fault = (server, _, acknowledged) =>
  load(server, acknowledged, async () => {
    await Bun.sleep((random() * MOST_LOAD_MS) / 2);
    kill(server.pid, "SIGTERM");
    await Bun.sleep(random() * MOST_STOP_MS);
    kill(server.pid);
  });

const stopUnderLoad: Fault = async (server, victim, acknowledged) => {
  await load(server, acknowledged, async () => {
    await Bun.sleep((random() * MOST_LOAD_MS) / 2);
    kill(server.pid, "SIGTERM");
  });
  const code = await server.exited;
  if (code !== 0) problem(`${victim.name}: stopped under load with exit code ${code}`);
};

/** The server itself survives, and works again as soon as PostgreSQL does. */
const underLoadOf =
  (fail: (random: () => number) => Promise<void>): Fault =>
  (server, victim, acknowledged) =>
    load(server, acknowledged, async () => {
      await Bun.sleep(random() * MOST_LOAD_MS);
      await fail(random);
      await waitUntil("the server is ready", async () => (await fetch(`${server.url}/readyz`)).ok).catch(
        (error) => problem(`${victim.name}: after PostgreSQL was killed: ${error}`),
      );
      await Bun.sleep(random() * MOST_LOAD_MS);
      kill(server.pid);
    });

const postgresKilled = underLoadOf(() => postgres!.killAndStart());

const MOST_RESET_SECONDS = 3;

/** PostgreSQL then ends its other processes too, and recovers. */
const backendKilled = underLoadOf(async (random) => {
  await using sql = new SQL(postgres!.url, { max: 1 });
  const backends = await sql`select pid from pg_stat_activity where datname like 'test_%'`;
  kill(backends[Math.floor(random() * backends.length)].pid);
  // Ends with this connection. The process may have ended without being killed.
  await sql`select pg_sleep(${MOST_RESET_SECONDS})`.catch(() => {});
  await waitUntil("PostgreSQL has recovered", acceptsConnections);
});

async function acceptsConnections(): Promise<boolean> {
  try {
    await using sql = new SQL(postgres!.url, { max: 1 });
    await sql`select 1`;
    return true;
  } catch {
    return false;
  }
}

const whileStarting = async (victim: Victim) => {
  const child = victim.spawn();
  await Bun.sleep(random() * startMs);
  child.kill("SIGKILL");
  await child.exited;
};

const twoAtOnce = async (victim: Victim) => {
  const children = [victim.spawn(), victim.spawn()];
  await Bun.sleep(random() * 1.5 * startMs);
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
};

/** A server that stopped or was killed, and is killed at its next start. */
const killedTwice =
  (again: (victim: Victim) => Promise<void>): Fault =>
  async (server, victim) => {
    if (random() < 0.5) kill(server.pid);
    else if ((await server.stop()) !== 0) problem(`${victim.name}: stopped with a failure`);
    await server.exited;
    await again(victim);
  };

const OTHERS: Record<string, Fault> = {
  ...{ whileStopping, stopUnderLoad },
  ...{ whileStarting: killedTwice(whileStarting), twoAtOnce: killedTwice(twoAtOnce) },
  ...(postgres ? { postgresKilled, backendKilled } : {}),
};

async function startOrReport(victim: Victim): Promise<RunningServer> {
  try {
    const startedAt = performance.now();
    const server = await victim.start();
    startMs = performance.now() - startedAt;
    return server;
  } catch (error) {
    problem(`${victim.name}: ${error}`);
    throw error;
  }
}

/** Creates the database with the earlier program, then stops or kills that program. */
async function makeEarlier(victim: Victim, program: string): Promise<void> {
  const child = victim.spawn(program);
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream()))
    if (text.includes("listening on")) child.kill(random() < 0.5 ? "SIGTERM" : "SIGKILL");
  await child.exited;
  count("earlier schema");
}

async function verifyAuditLog({ name, dataDir, databaseUrl }: Victim): Promise<void> {
  const environment = { ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}) };
  const verified = await runServerCommand(["audit", "verify", "--data", dataDir], { environment });
  if (verified.code !== 0) problem(`${name}: the audit log: ${verified.stdout}${verified.stderr}`);
}

let cycle = 0;
let acknowledgedInAll = 0;
try {
  for (let number = 1; cycle < cycles; number++) {
    await using victim = await openVictim(number);
    const earlier = values["earlier-server"];
    if (earlier && random() < 0.5) await makeEarlier(victim, earlier);
    // Kills during the first start, or during the upgrade.
    for (let kills = Math.floor(random() * 4); kills > 0 && cycle < cycles; kills--, cycle++) {
      const fault = pick([whileStarting, whileStarting, twoAtOnce]);
      await fault(victim);
      count(`first ${fault.name}`);
    }
    let server = await startOrReport(victim);
    const { session } = await createSuperAdmin(server, victim.dataDir);
    const acknowledged = openAcknowledged(session, random, (text) =>
      problem(`${victim.name}, cycle ${cycle}: ${text}`),
    );
    await acknowledged.begin(server.url);
    for (let left = CYCLES_OF_ONE_DATABASE; left > 0 && cycle < cycles; left--, cycle++) {
      const name = random() < 1 / OTHER_FAULTS ? pick(Object.keys(OTHERS)) : "underLoad";
      await (OTHERS[name] ?? underLoad)(server, victim, acknowledged);
      count(name);
      server = await startOrReport(victim);
      await acknowledged.verify(server.url);
      // A break in the chain stays.
      if (left === 1 || cycle === cycles - 1 || random() < 0.2) await verifyAuditLog(victim);
    }
    kill(server.pid);
    await server.exited;
    acknowledgedInAll += acknowledged.acknowledgements();
    if (problems.length > 0) process.stderr.write(`${lastLines(victim.logFile, 40)}\n`);
    process.stderr.write(`${cycle} of ${cycles} cycles, ${acknowledgedInAll} acknowledged\n`);
  }
} finally {
  await postgres?.[Symbol.asyncDispose]();
}
process.stdout.write(JSON.stringify({ cycles: seen, acknowledged: acknowledgedInAll, problems }));
process.exit(0);
