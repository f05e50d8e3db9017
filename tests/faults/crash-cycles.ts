// Kills the built server with SIGKILL, again and again: under load, while it starts, while it upgrades a
// database of an earlier schema, while two servers start at once, and while it stops. After each kill, it
// must start again and have everything that it acknowledged: enrollments, tokens, asset groups, pauses and
// check-ins. If the reply of a creating request is lost, repeating the request must not create a second
// object. The seed determines all faults. crash-cycles.test.ts starts this program, which prints its results
// as JSON.
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { programPath, SERVER } from "../../harness/build.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { cleanEnvironment, lastLines, type RunningServer, startServer } from "../../harness/programs.ts";
import { seededRandom } from "../../harness/seeded-random.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
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

/** Opens an installation whose server is killed and started. */
async function openVictim(number: number) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(openTemporaryFolder("crash")).path;
  const database = values.database === "postgres" ? opening.use(await createTestDatabase()) : undefined;
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

const underLoad = async (victim: Victim, acknowledged: Acknowledged) => {
  const server = await startOrReport(victim);
  await load(server, acknowledged, async () => {
    await Bun.sleep(random() * MOST_LOAD_MS);
    kill(server.pid);
  });
};

const whileStopping = async (victim: Victim, acknowledged: Acknowledged) => {
  const server = await startOrReport(victim);
  await load(server, acknowledged, async () => {
    await Bun.sleep((random() * MOST_LOAD_MS) / 2);
    kill(server.pid, "SIGTERM");
    await Bun.sleep(random() * MOST_STOP_MS);
    kill(server.pid);
  });
};

const stopUnderLoad = async (victim: Victim, acknowledged: Acknowledged) => {
  const server = await startOrReport(victim);
  await load(server, acknowledged, async () => {
    await Bun.sleep((random() * MOST_LOAD_MS) / 2);
    kill(server.pid, "SIGTERM");
  });
  const code = await server.exited;
  if (code !== 0) problem(`${victim.name}: stopped under load with exit code ${code}`);
};

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

const FAULTS = { underLoad, whileStopping, stopUnderLoad, whileStarting, twoAtOnce };

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

let cycle = 0;
let acknowledgedInAll = 0;
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
  kill(server.pid);
  await server.exited;
  for (let left = CYCLES_OF_ONE_DATABASE; left > 0 && cycle < cycles; left--, cycle++) {
    const name = pick(Object.keys(FAULTS) as (keyof typeof FAULTS)[]);
    await FAULTS[name](victim, acknowledged);
    count(name);
    server = await startOrReport(victim);
    await acknowledged.verify(server.url);
    if (random() < 0.5) kill(server.pid);
    else if ((await server.stop()) !== 0) problem(`${victim.name}, cycle ${cycle}: stopped with a failure`);
    await server.exited;
  }
  acknowledgedInAll += acknowledged.acknowledgements();
  if (problems.length > 0) process.stderr.write(`${lastLines(victim.logFile, 40)}\n`);
  process.stderr.write(`${cycle} of ${cycles} cycles, ${acknowledgedInAll} acknowledged\n`);
}
process.stdout.write(JSON.stringify({ cycles: seen, acknowledged: acknowledgedInAll, problems }));
process.exit(0);
