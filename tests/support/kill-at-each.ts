// Kills a built program with SIGKILL at its writes, one run per write: the sensor, or another one. strace(1)
// kills it when it enters the system call. Without LONG_TESTS=1, it kills at one fsync(2) and at one call of
// two other kinds, which it draws at random.
import { readdirSync } from "node:fs";
import { programPath, SENSOR } from "../../harness/build.ts";
import { runCommand } from "../../harness/command.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { cleanEnvironment } from "../../harness/programs.ts";

/** The system calls with effects outside of the process. */
export const CALLS = ["mkdir", "write", "fsync", "link", "rename", "unlink", "rmdir", "sendto", "connect"];
const MOST_KILLS = 60;
/** The sensor enters the calls of most kinds about as often. */
const MOST_CALLS_DRAWN = 12;
/** Every command of the sensor enters it. */
const SURE_CALL = "fsync";
/** The kinds of calls to kill at without LONG_TESTS=1. */
export const SHORT_KINDS = 3;

const strace = Bun.which("strace");
export const traces =
  strace && Bun.spawnSync([strace, "-o", "/dev/null", "true"], { stderr: "ignore" }).exitCode === 0;

interface KillOptions {
  /** Absent: the built sensor. */
  program?: string;
  calls?: string[];
  /** The exit code of a run that was not killed. */
  exitCode?: number;
}

/**
 * Runs the command once for each call to kill it at. After each run, `check` checks the result. Returns the
 * number of runs. Throws if no run was killed.
 */
export async function killAtEach(
  command: (kill: number) => Promise<{ args: string[]; stdin?: string }>,
  check: (kill: number, call: string) => Promise<void>,
  { program = programPath(SENSOR), calls = CALLS, exitCode = 0 }: KillOptions = {},
): Promise<number> {
  let kills = 0;
  let isTracerKilling = false;
  const others = calls.filter((name) => name !== SURE_CALL);
  for (const name of [SURE_CALL, ...drawSome(others, SHORT_KINDS - 1)]) {
    const drawn = LONG_TESTS ? 1 : 1 + Math.floor(Math.random() * MOST_CALLS_DRAWN);
    let nth = drawn;
    while (nth <= MOST_KILLS) {
      const { args, stdin = "" } = await command(kills);
      const tracer = [`${strace}`, "-f", "-o", "/dev/null", "-e", `trace=${name}`];
      const killer = ["-e", `inject=${name}:signal=KILL:when=${nth}`];
      const traced = [...tracer, ...killer, program, ...args];
      const { code, stderr } = await runCommand(traced, { stdin, env: cleanEnvironment() });
      const wasKilled = code === 137 || code === 9 || code === 128 + 9;
      if (!wasKilled && code !== exitCode) throw new Error(`${name} ${nth}: exit ${code} ${stderr}`);
      isTracerKilling ||= wasKilled;
      await check(kills, `${name} ${nth}`);
      kills++;
      if (wasKilled && !LONG_TESTS) break;
      if (wasKilled) nth++;
      // A program with few calls of a kind is killed at the first one.
      else if (nth === drawn && nth > 1) nth = 1;
      else break;
    }
  }
  if (!isTracerKilling) throw new Error("strace killed no run: it must not filter calls with seccomp");
  return kills;
}

/** Returns the names of unfinished files. */
export function leftOver(stateDir: string): string[] {
  return readdirSync(stateDir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".new"));
}
