// Runs the load generator, and measures what it costs the programs that it loads.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SignedRequest } from "../harness/signer.ts";
import { TaskError } from "../harness/terminal.ts";
import { cpuMsOf } from "./process-tree.ts";

/** What the load generator reads. */
export interface LoadPlan {
  hostname: string;
  port: number;
  connections: number;
  /** Each request has a connection, which the server closes after its reply. */
  closing: boolean;
  /** The bytes of all requests. */
  requestsFile: string;
  /** The lengths of the requests in the file. */
  lengths: number[];
  /** Starts from the first request again instead of ending. */
  repeat: boolean;
  /** Requests are due at this rate. Absent: as fast as replies come. */
  perSecond?: number;
  seconds: number;
}

/** What the load generator prints. Waits count from the time at which a request was due. */
export interface LoadResult {
  count: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  longestMs: number;
  failures: number;
  /** The reply of the first failed request, or absent. */
  firstFailure?: string | undefined;
}

export interface Load extends LoadResult {
  perSecond: number;
  /** CPU time of the loaded programs for each request, in microseconds. */
  cpuUs: number;
}

export interface LoadOptions {
  /** For the files of the generator. */
  folder: string;
  /** Of the loaded server. Only its host and port are used. */
  url: string;
  requests: Buffer[];
  /** The loaded programs. Their descendants count too. */
  pids: number[];
  connections: number;
  seconds: number;
  closing?: boolean;
  repeat?: boolean;
  perSecond?: number;
}

/** The core of the load generator. The first core is for a single loaded program: see `pinTo`. */
export const GENERATOR_CORE = 1;

/** Throws TaskError if a request fails. */
export async function runLoad(options: LoadOptions): Promise<Load> {
  const { folder, requests, pids, connections, seconds, closing = false, repeat = false } = options;
  const { hostname, port } = new URL(options.url);
  const requestsFile = join(folder, "requests");
  const planFile = join(folder, "plan.json");
  const lengths = requests.map(({ length }) => length);
  const pace = options.perSecond === undefined ? {} : { perSecond: options.perSecond };
  const plan: LoadPlan = {
    ...{
      hostname,
      port: Number(port),
      connections,
      closing,
      requestsFile,
      lengths,
      repeat,
      seconds,
      ...pace,
    },
  };
  writeFileSync(requestsFile, Buffer.concat(requests));
  writeFileSync(planFile, JSON.stringify(plan));
  const program = [process.execPath, "--no-env-file", join(import.meta.dir, "load-generator.ts"), planFile];
  const cpuMs = () => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  const before = cpuMs();
  const child = Bun.spawn(["taskset", "-c", String(GENERATOR_CORE), ...program], { stderr: "pipe" });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new TaskError(`The load generator failed: ${errors}`);
  const result = JSON.parse(output) as LoadResult;
  if (result.failures > 0)
    throw new TaskError(`${result.failures} of ${result.count} requests failed: ${result.firstFailure}`);
  return {
    ...result,
    perSecond: result.count / result.seconds,
    cpuUs: ((cpuMs() - before) * 1000) / result.count,
  };
}

/** Keeps all threads of a program on one core. */
export async function pinTo(pid: number, core = 0): Promise<void> {
  await Bun.spawn(["taskset", "-a", "-c", "-p", String(core), String(pid)], { stdout: "ignore" }).exited;
}

/** The bytes of a signed request, as a client sends them. */
export function requestBytes(url: string, { path, init }: SignedRequest): Buffer {
  const body = Buffer.from(init.body as string);
  const headers = Object.entries(init.headers as Record<string, string>).map((pair) => pair.join(": "));
  const head = [
    `${init.method} ${path} HTTP/1.1`,
    ...[`host: ${new URL(url).host}`, ...headers, `content-length: ${body.length}`],
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/**
 * Runs each step in each round. Every second round has them in the opposite order, so that other load on the
 * machine affects all.
 */
export async function interleave<Name extends string>(
  rounds: number,
  steps: Record<Name, () => Promise<Load>>,
): Promise<Record<Name, Load>[]> {
  const names = Object.keys(steps) as Name[];
  const measured: Record<Name, Load>[] = [];
  for (let round = 0; round < rounds; round++) {
    const loads = {} as Record<Name, Load>;
    for (const name of round % 2 ? names.toReversed() : names) loads[name] = await steps[name]();
    measured.push(loads);
  }
  return measured;
}
