// kill -9 of the built sensor at its writes, one run after another; strace(1) does it, on entering the system call. Of a kind of call
// it is each fifth without ALL_KILLS=1.
import { readdirSync } from "node:fs";
import { ALL_KILLS } from "../../harness/all-kills.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { runCommand } from "../../harness/command.ts";
import { cleanEnvironment } from "../../harness/programs.ts";

/** What changes something outside the process. */
export const CALLS = ["mkdir", "write", "fsync", "link", "rename", "unlink", "sendto", "connect"];
const MOST_KILLS = 60;
const STEP = ALL_KILLS ? 1 : 5;

const strace = Bun.which("strace");
export const traces =
  strace && Bun.spawnSync([strace, "-o", "/dev/null", "true"], { stderr: "ignore" }).exitCode === 0;

interface KillOptions {
  calls?: string[];
  /** Runs the command that follows it. */
  through?: string[];
  /** How a run ends that was not killed. */
  exitCode?: number;
}

/** Runs the command until it was killed at its calls of each kind; `check` looks at what is left. */
export async function killAtEach(
  command: (kill: number) => Promise<{ args: string[]; stdin?: string }>,
  check: (kill: number, call: string) => Promise<void>,
  { calls = CALLS, through = [], exitCode = 0 }: KillOptions = {},
): Promise<number> {
  let kills = 0;
  for (const name of calls) {
    for (let nth = 1; nth <= MOST_KILLS; nth += STEP) {
      const { args, stdin = "" } = await command(kills);
      const tracer = [`${strace}`, "-f", "-o", "/dev/null", "-e", `trace=${name}`];
      const killer = ["-e", `inject=${name}:signal=KILL:when=${nth}`];
      const traced = [...through, ...tracer, ...killer, programPath(SENSOR), ...args];
      const { code, stderr } = await runCommand(traced, { stdin, env: cleanEnvironment() });
      const wasKilled = code === 137 || code === 9 || code === 128 + 9;
      if (!wasKilled && code !== exitCode) throw new Error(`${name} ${nth}: exit ${code} ${stderr}`);
      await check(kills, `${name} ${nth}`);
      kills++;
      if (!wasKilled) break;
    }
  }
  return kills;
}

/** Files that were not finished. */
export function leftOver(stateDir: string): string[] {
  return readdirSync(stateDir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".new"));
}
