// Runs the sensor's command line in tests, and returns the exit code and both outputs.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { ROOT } from "../../harness/terminal.ts";

/** A new token for each run of the tests. */
export const TOKEN = formatTokenValue(crypto.getRandomValues(new Uint8Array(32)));
const SECRET = TOKEN.slice("atl_enr_".length, -6);

export const USAGE_HINT = "hint: attacklens-sensor help lists all commands and options\n";

/**
 * For files whose tests run up to a dozen commands. Each is a process, and takes seconds on a busy machine.
 * Not shorter than the timeout of the test run, because it replaces that one.
 */
export const COMMANDS_TIMEOUT_MS = 120_000;

export interface CommandOptions {
  stdin?: string | Uint8Array;
  environment?: Record<string, string>;
  /** A program that runs the command, e.g. as another user. */
  through?: string[];
}

const isRoot = process.getuid?.() === 0;
const setpriv = isRoot ? Bun.which("setpriv") : null;
/** False: root has all permissions, and setpriv is missing. */
export const CAN_BE_OTHER = !isRoot || setpriv !== null;
/** Runs a command as a user other than root. */
export const AS_OTHER = setpriv ? [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

/** Creates a folder that disposing deletes. */
export function makeFolder() {
  const path = mkdtempSync(join(tmpdir(), "attacklens-sensor-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Creates a host with nothing to collect, for `--root`. A report of this machine takes a second of CPU. */
export function makeEmptyHost(folder: string): string {
  const root = join(folder, "empty-host");
  for (const name of ["etc", "proc"]) mkdirSync(join(root, name), { recursive: true });
  return root;
}

/** Creates a FIFO without a writer. */
export function makePipe(path: string): void {
  const { exitCode } = Bun.spawnSync([Bun.which("mkfifo") ?? "/usr/bin/mkfifo", path]);
  if (exitCode !== 0) throw new Error(`cannot make the pipe ${path}`);
}

let isBuilt = false;

/**
 * The built program starts in a third of the CPU of its sources. The first command of each test process
 * builds it, unless it is up to date.
 */
export function builtSensor(): string {
  if (!isBuilt) {
    const build = [process.execPath, join(ROOT, "tasks/build.ts"), "--sensor"];
    const { exitCode, stdout, stderr } = Bun.spawnSync(build, { stdout: "pipe", stderr: "pipe" });
    if (exitCode !== 0) throw new Error(`Cannot build the sensor:\n${stdout}${stderr}`);
    isBuilt = true;
  }
  return programPath(SENSOR);
}

/** Starts a command with only the given environment. */
export function startCommand(
  args: string[],
  { stdin = "", environment = {}, through = [] }: CommandOptions = {},
) {
  return Bun.spawn([...through, builtSensor(), ...args], {
    env: { PATH: process.env.PATH, HOME: "/dev/null", ...environment },
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs a command until it ends. Throws if its output contains the token of the tests. */
export async function runCommandLine(args: string[], options: CommandOptions = {}) {
  const command = startCommand(args, options);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(command.stdout).text(),
    new Response(command.stderr).text(),
    command.exited,
  ]);
  if ((stdout + stderr).includes(SECRET)) throw new Error("the token's value was printed");
  return { exitCode, stdout, stderr };
}

/** The build of the program, as `version --json` prints it. `shown`: its version and commit in a text. */
export async function readBuild(): Promise<{ commit?: string; target: string; shown: string }> {
  const { stdout } = await runCommandLine(["version", "--json"]);
  const { version, commit, target } = JSON.parse(stdout) as Record<string, string>;
  if (commit === "unknown") return { target: target!, shown: version! };
  return { commit, target: target!, shown: `${version} (commit ${commit})` };
}

/** Returns the files below a folder that contain the token's secret. */
export function filesHoldingToken(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path, "utf8").includes(SECRET));
}
