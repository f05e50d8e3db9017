// Runs the sensor's command line in tests, and returns the exit code and both outputs.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";

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

/** Creates a folder that disposing deletes. */
export function makeFolder() {
  const path = mkdtempSync(join(tmpdir(), "attacklens-sensor-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Creates a FIFO without a writer. */
export function makePipe(path: string): void {
  const { exitCode } = Bun.spawnSync([Bun.which("mkfifo") ?? "/usr/bin/mkfifo", path]);
  if (exitCode !== 0) throw new Error(`cannot make the pipe ${path}`);
}

/** Not in the temporary folder, because nothing deletes it there after a run of a single file. */
const BUNDLES = join(import.meta.dir, "../../dist/.tests");
let bundle: string | undefined;

/**
 * Bundles the command line into one file, which starts in half the time. Each test process creates it, so
 * that it is up to date.
 */
function commandLine(): string {
  if (bundle) return bundle;
  mkdirSync(BUNDLES, { recursive: true });
  const unfinished = join(BUNDLES, `sensor-${process.pid}.js`);
  const build = ["build", "--target=bun", `--outfile=${unfinished}`, join(import.meta.dir, "../main.ts")];
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, ...build], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`Cannot bundle the sensor:\n${stderr}`);
  bundle = join(BUNDLES, "sensor.js");
  // Another process may be running the existing bundle of the same sources.
  renameSync(unfinished, bundle);
  return bundle;
}

/** Starts a command with only the given environment. */
export function startCommand(
  args: string[],
  { stdin = "", environment = {}, through = [] }: CommandOptions = {},
) {
  return Bun.spawn([...through, process.execPath, commandLine(), ...args], {
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

/** Returns the files below a folder that contain the token's secret. */
export function filesHoldingToken(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path, "utf8").includes(SECRET));
}
