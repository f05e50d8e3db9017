// Starts the built server and the built sensor as a person would, and stops them. Used by demo, dev, start and the browser tests.
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { getSetup } from "@attacklens/protocol/account.ts";
import { call } from "./api-client.ts";
import { programPath, SENSOR, SERVER } from "./build.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { ROOT, TaskError } from "./terminal.ts";

export interface RunningProgram extends AsyncDisposable {
  pid: number;
  /** The exit code, once it ends by itself or is stopped. */
  exited: Promise<number>;
  /** Asks it to end, and ends it after thirty seconds. */
  stop(): Promise<number>;
}

export interface RunningServer extends RunningProgram {
  url: string;
  /** Of the port for sensors alone, when there is one. */
  sensorUrl: string | undefined;
  /** Printed as long as there is no Super Admin. */
  setupLink: string | undefined;
}

/** The commands that run the programs from their sources, without a build. */
export const FROM_SOURCE = {
  server: [process.execPath, "--no-env-file", join(ROOT, "tasks/attacklens.ts")],
  sensor: [process.execPath, "--no-env-file", join(ROOT, "sensor/main.ts")],
};

export interface ServerOptions {
  /** The command that runs the program; the built one when absent. */
  program?: string[];
  dataDir: string;
  /** Everything it logs is appended here. */
  logFile: string;
  /** `127.0.0.1:0`, any free port, when absent. */
  listen?: string;
  /** PostgreSQL instead of the embedded database. */
  databaseUrl?: string;
  environment?: Record<string, string>;
}

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 30_000;

/** Resolves once it listens. Throws TaskError with the end of its log when it does not. */
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
  const started = await Promise.race([
    readStartLines(output, options.environment?.ATTACKLENS_SENSOR_LISTEN !== undefined),
    program.exited.then((code) => `it ended with exit code ${code}`),
    Bun.sleep(START_TIMEOUT_MS).then(() => `it did not listen within ${START_TIMEOUT_MS / 1000} s`),
  ]);
  if (typeof started !== "string") return { ...program, ...started };
  await program.stop();
  throw new TaskError(`Cannot start the server: ${started}\n${lastLines(options.logFile)}`);
}

/** `attacklens-sensor run`, until it is stopped. */
export function startSensor(options: {
  stateDir: string;
  logFile: string;
  /** The command that runs the program; the built one when absent. */
  program?: string[];
}): RunningProgram {
  const { program, output } = startProgram({
    command: [...(options.program ?? [programPath(SENSOR)]), "run", "--state", options.stateDir],
    logFile: options.logFile,
  });
  void output.pipeTo(new WritableStream());
  return program;
}

/** Runs a command of the sensor to its end. A token is given on standard input, where no process list shows it. */
export function runSensor(
  args: string[],
  options: { stdin?: string; environment?: Record<string, string>; program?: string[] } = {},
): Promise<CommandResult> {
  return runCommand([...(options.program ?? [programPath(SENSOR)]), ...args], {
    env: cleanEnvironment(options.environment),
    stdin: options.stdin,
  });
}

/** Runs a command of the server to its end, e.g. `user create`. */
export function runServerCommand(
  args: string[],
  options: { stdin?: string; environment?: Record<string, string> } = {},
): Promise<CommandResult> {
  return runCommand([programPath(SERVER), ...args], {
    env: cleanEnvironment(options.environment),
    stdin: options.stdin,
  });
}

/** The end of a log file, to show with a failure. */
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
    // Its own process group: Ctrl-C in the terminal reaches the task, which stops it in order.
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

/** Reads up to the line with the address, and while nobody is set up to the one with the link; then reads the rest away. */
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

/** Ours without what would configure the programs behind the task's back, or what they would say that they ignore. */
export function cleanEnvironment(added: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(DATABASE_URL$|ATTACKLENS_|BUN_|NODE_|JSC_)/.test(name),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...added };
}
