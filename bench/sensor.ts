// What the sensor costs a host, compared with Debian's fusioninventory-agent and with an empty program of the
// same runtime. Rounds are interleaved, so that other load on the machine affects both.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath, SENSOR } from "../harness/build.ts";
import { runCommand } from "../harness/command.ts";
import { findOrInstall } from "../harness/debian.ts";
import { createSuperAdmin, enrollThisMachine } from "../harness/first-day.ts";
import { startSensor, startServer } from "../harness/programs.ts";
import { TaskError } from "../harness/terminal.ts";
import { type Figure, plainFigure, ratioFigure } from "./figure.ts";
import { type Cost, costOf, cpuMsOf, residentMegabytes } from "./process-tree.ts";
import { openHostWithoutLanguages } from "./without-languages.ts";

const ROUNDS = 7;
const PROCESSES = 500;
const DESCRIPTORS = 200;
/** The first inventory is delivered by then. */
const SETTLE_MS = 90_000;
const REST_MS = 180_000;

export async function benchSensor(folder: string): Promise<Figure[]> {
  const sensor = programPath(SENSOR);
  const peer = await findOrInstall("fusioninventory-inventory");
  const everything = await interleaved([sensor, "collect", "--json"], [peer]);
  const inventories = await inventoriesOfSameCategories([sensor, "collect", "--json"], [peer]);
  const versions = await interleaved([sensor, "version"], [await emptyProgram(folder)]);
  return [
    ratioFigure("CPU of an inventory ÷ fusioninventory", "ms", { atMost: 0.15 }, pairs(inventories, "cpuMs")),
    ratioFigure("peak memory of all processes", "MB", { atMost: 0.7 }, pairs(inventories, "peakMegabytes")),
    ratioFigure(
      "memory of the largest process",
      "MB",
      { atMost: 0.7 },
      pairs(inventories, "largestMegabytes"),
    ),
    ratioFigure("CPU with packages of languages", "ms", { atMost: 0.15 }, pairs(everything, "cpuMs")),
    ratioFigure("peak memory of all processes", "MB", { atMost: 0.7 }, pairs(everything, "peakMegabytes")),
    ratioFigure(
      "memory of the largest process",
      "MB",
      { atMost: 0.7 },
      pairs(everything, "largestMegabytes"),
    ),
    ratioFigure("CPU of version ÷ an empty program", "ms", { atMost: 1.1 }, pairs(versions, "cpuMs")),
    ratioFigure(
      "peak memory of it ÷ an empty program",
      "MB",
      { atMost: 1.1 },
      pairs(versions, "peakMegabytes"),
    ),
    plainFigure(
      `CPU of ${PROCESSES} more processes with ${DESCRIPTORS} descriptors`,
      "ms",
      { atMost: 200 },
      await manyProcesses(sensor),
    ),
    ...(await atRest(folder)),
  ];
}

/** fusioninventory-agent reads no packages of programming languages. */
async function inventoriesOfSameCategories(ours: string[], base: string[]): Promise<Pair[]> {
  await using host = await openHostWithoutLanguages();
  return await interleaved(host.wrap(ours), host.wrap(base));
}

interface Pair {
  ours: Cost;
  base: Cost;
}

async function interleaved(ours: string[], base: string[]): Promise<Pair[]> {
  const rounds: Pair[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2) rounds.push({ base: await costOf(base), ours: await costOf(ours) });
    else rounds.push({ ours: await costOf(ours), base: await costOf(base) });
  }
  return rounds;
}

function pairs(rounds: Pair[], what: keyof Cost) {
  return rounds.map(({ ours, base }) => ({ value: ours[what], base: base[what] }));
}

/** A compiled program that prints one word, with the sensor's way of building. */
async function emptyProgram(folder: string): Promise<string> {
  const [source, program] = [join(folder, "empty.ts"), join(folder, "empty")];
  writeFileSync(source, 'console.log("empty");\n');
  const options = ["--compile", "--minify", "--bytecode", "--format=esm", `--outfile=${program}`];
  const { code, stderr } = await runCommand([process.execPath, "build", ...options, source]);
  if (code !== 0) throw new TaskError(`Cannot build the empty program:\n${stderr}`);
  return program;
}

/** The additional CPU time of collecting the ports, in milliseconds, for each round. */
async function manyProcesses(sensor: string): Promise<number[]> {
  const command = [sensor, "collect", "--json", "--category", "ports"];
  const before: number[] = [];
  for (let round = 0; round < ROUNDS; round++) before.push((await costOf(command)).cpuMs);
  const open = `for n in $(seq ${DESCRIPTORS}); do exec {fd}</dev/null; done; echo ready; read`;
  const processes = Array.from({ length: PROCESSES }, () =>
    Bun.spawn(["bash", "--norc", "-c", open], { stdin: "pipe", stdout: "pipe" }),
  );
  try {
    await Promise.all(processes.map(({ stdout }) => stdout.getReader().read()));
    const during = [];
    for (let round = 0; round < ROUNDS; round++) during.push((await costOf(command)).cpuMs);
    return during.map((cpuMs, round) => Math.max(0, cpuMs - before[round]!));
  } finally {
    for (const { stdin } of processes) stdin.end();
    await Promise.all(processes.map(({ exited }) => exited));
  }
}

/** `run` after the first inventory, with nothing to report. */
async function atRest(folder: string): Promise<Figure[]> {
  const dataDir = join(folder, "data");
  mkdirSync(dataDir, { recursive: true });
  await using server = await startServer({ dataDir, logFile: join(folder, "server.log") });
  const { session } = await createSuperAdmin(server, dataDir);
  const stateDir = join(folder, "state");
  await enrollThisMachine(server, session, stateDir, "At rest");
  await using running = startSensor({ stateDir, logFile: join(folder, "sensor.log") });
  await Bun.sleep(SETTLE_MS);
  const [cpuBefore, startedAt] = [cpuMsOf(running.pid), performance.now()];
  const memory: number[] = [];
  while (performance.now() - startedAt < REST_MS) {
    memory.push(residentMegabytes(running.pid));
    await Bun.sleep(1_000);
  }
  const share = (100 * (cpuMsOf(running.pid) - cpuBefore)) / (performance.now() - startedAt);
  return [
    plainFigure("memory of run at rest", "MB", { atMost: 40 }, memory),
    plainFigure("CPU of run at rest, inventories included", "% of a core", { atMost: 0.05 }, [share]),
  ];
}
