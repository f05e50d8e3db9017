// Starts and stops the built server and the built sensor as a user does. The tasks demo and dev, the
// benchmarks and the tests use it.
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { getSetup } from "@attacklens/protocol/account.ts";
import { call } from "./api-client.ts";
import { programPath, SENSOR, SERVER } from "./build.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { ROOT, TaskError } from "./terminal.ts";

export interface RunningProgram extends AsyncDisposable {
  pid: number;
  /** Resolves with the exit code when the program ends. */
  exited: Promise<number>;
  /** Sends SIGTERM, and SIGKILL after thirty seconds. */
  stop(): Promise<number>;
}

export interface RunningServer extends RunningProgram {
  url: string;
  /** The URL of the separate port for sensors; undefined: sensors use `url`. */
  sensorUrl: string | undefined;
  /** Undefined: there is a Super Admin already. */
  setupLink: string | undefined;
}

/** The commands that run the programs from their sources, without a build. */
export const FROM_SOURCE = {
  server: [process.execPath, "--no-env-file", join(ROOT, "tasks/attacklens.ts")],
  sensor: [process.execPath, "--no-env-file", join(ROOT, "sensor/main.ts")],
};

export interface ServerOptions {
  /** The command that runs the program. Absent: the built one. */
  program?: string[] | undefined;
  dataDir: string;
  /** The program appends its log to this file. */
  logFile: string;
  /** Absent: `127.0.0.1:0`, any free port. */
  listen?: string;
  /** The URL of a PostgreSQL database. Absent: the embedded database. */
  databaseUrl?: string | undefined;
  environment?: Record<string, string>;
}

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 30_000;

/** Resolves when the server listens. Throws TaskError with the end of its log if it does not. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { program, output } = startProgram({
    command: [
      ...(options.program ?? [programPath(SERVER)]),
      ...["serve", "--data", options.dataDir, "--listen", options.listen ?? "127.0.0.1:0"],
    ],
    logFile: options.logFile,
    environment: {
      ...(options.databaseUrl ? { DATABASE_URL: options.databaseUrl } : {}),
      ...options.environment,
    },
  });
  const late = Promise.withResolvers<string>();
  // A timer that is left over would keep the caller's process running.
  const timer = setTimeout(
    () => late.resolve(`it did not listen within ${START_TIMEOUT_MS / 1000} s`),
    START_TIMEOUT_MS,
  );
  const started = await Promise.race([
    readStartLines(output, options.environment?.ATTACKLENS_SENSOR_LISTEN !== undefined),
    program.exited.then((code) => `it exited with code ${code}`),
    late.promise,
  ]);
  clearTimeout(timer);
  if (typeof started !== "string") return { ...program, ...started };
  await program.stop();
  throw new TaskError(`Cannot start the server: ${started}\n${lastLines(options.logFile)}`);
}

/** Starts `attacklens-sensor run`. */
export function startSensor(options: {
  stateDir: string;
  logFile: string;
  /** Further arguments. */
  args?: string[];
  /** The command that runs the program. Absent: the built one. */
  program?: string[];
}): RunningProgram {
  const { program, output } = startProgram({
    command: [
      ...(options.program ?? [programPath(SENSOR)]),
      "run",
      "--state",
      options.stateDir,
      ...(options.args ?? []),
    ],
    logFile: options.logFile,
  });
  void output.pipeTo(new WritableStream());
  return program;
}

/**
 * Runs a command of the sensor until it ends. Pass a token on standard input: process lists show arguments.
 */
export function runSensor(
  args: string[],
  options: { stdin?: string; environment?: Record<string, string>; program?: string[] } = {},
): Promise<CommandResult> {
  return runCommand([...(options.program ?? [programPath(SENSOR)]), ...args], {
    env: cleanEnvironment(options.environment),
    stdin: options.stdin,
  });
}

/** Runs a command of the server until it ends, e.g. `user create`. */
export function runServerCommand(
  args: string[],
  options: { stdin?: string; environment?: Record<string, string> } = {},
): Promise<CommandResult> {
  return runCommand([programPath(SERVER), ...args], {
    env: cleanEnvironment(options.environment),
    stdin: options.stdin,
  });
}

/** Returns the end of a log file, to show with a failure. */
export function lastLines(file: string, count = 20): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}

function startProgram(options: { command: string[]; logFile: string; environment?: Record<string, string> }) {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a", 0o600);
  const child = Bun.spawn(options.command, {
    env: cleanEnvironment(options.environment),
    stdin: "ignore",
    stdout: "pipe",
    stderr: log,
    // A separate process group: Ctrl-C in the terminal reaches only the task, which then stops its programs
    // in order.
    detached: true,
  });
  closeSync(log);
  async function stop(): Promise<number> {
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const code = await child.exited;
    clearTimeout(kill);
    return code;
  }
  const program: RunningProgram = {
    pid: child.pid,
    exited: child.exited,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
  return { program, output: child.stdout };
}

/**
 * Reads up to the line with the address, and during setup up to the line with the link. Then discards the
 * rest.
 */
async function readStartLines(
  output: ReadableStream<Uint8Array>,
  hasSensorPort: boolean,
): Promise<Pick<RunningServer, "url" | "sensorUrl" | "setupLink">> {
  const reader = output.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const find = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(text)?.[1];
      if (found) return found;
      const { done, value } = await reader.read();
      if (done) return new Promise(() => {});
      text += decoder.decode(value, { stream: true });
    }
  };
  const url = await find(/listening on (https?:\/\/\S+)\n/);
  const sensorUrl = hasSensorPort ? await find(/listening for sensors on (https?:\/\/\S+)\n/) : undefined;
  const isNew = (await call(url, getSetup)).needed;
  const setupLink = isNew ? await find(/(https?:\/\/\S+\/setup#code=\S+)\n/) : undefined;
  void drain(reader);
  return { url, sensorUrl, setupLink };
}

async function drain(reader: { read(): Promise<{ done: boolean }> }): Promise<void> {
  while (!(await reader.read()).done);
}

/**
 * Returns our environment without variables that configure the programs or cause a warning that they ignore
 * one.
 */
export function cleanEnvironment(added: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(DATABASE_URL$|ATTACKLENS_|BUN_|NODE_|JSC_)/.test(name),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...added };
}
