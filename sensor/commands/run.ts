// attacklens-sensor run: reports until it is told to stop; with --once, one cycle.
import { collectInventory } from "../collect.ts";
import { type EnrolledIdentity, readIdentity, tightenIdentity } from "../identity.ts";
import { type Cycle, openCycle, run } from "../run.ts";
import { SensorError } from "../sensor-error.ts";
import { defaultStateDir } from "../settings.ts";
import { logLine, note, parseFlags, print, stopSignal } from "./terminal.ts";

export async function runCommand(args: string[]): Promise<void> {
  const flags = parseFlags(args, { once: { type: "boolean" }, state: { type: "string" } });
  const stateDir = flags.state ?? defaultStateDir();
  const identity = requireIdentity(stateDir);
  if (tightenIdentity(stateDir)) {
    note(
      `others could read the key in ${stateDir}, and no longer can; if one may have, move the folder away and enroll again`,
    );
  }
  const signal = stopSignal();
  const collect = () => collectInventory();
  if (flags.once) {
    const cycle = await openCycle({ stateDir, identity, collect, signal, isLast: true })();
    if (signal.aborted) return;
    throwUnlessConnected(cycle, identity, stateDir);
    print(describe(cycle));
    return;
  }
  logLine(`reporting to ${identity.server} as ${identity.sensorId}`);
  const onCycle = (cycle: Cycle, nextMs: number) => {
    // What goes well and changes nothing is not worth a line a minute.
    const quiet = cycle.problem === null && cycle.result?.uploaded.length === 0;
    if (!quiet) logLine(`${describe(cycle)}; next in ${Math.ceil(nextMs / 1000)} s`);
  };
  await run({ stateDir, identity, collect, signal, onCycle });
  logLine("stopped");
}

function requireIdentity(stateDir: string): EnrolledIdentity {
  const identity = readIdentity(stateDir);
  if (identity?.state === "enrolled") return identity;
  const state = identity ? "its enrollment was not finished" : `there is no identity in ${stateDir}`;
  throw new SensorError(
    "identity",
    `Cannot run sensor: ${state}`,
    "attacklens-sensor enroll --server URL --token-file FILE, with the same --state",
  );
}

function throwUnlessConnected(
  { state, problem }: Cycle,
  { server }: EnrolledIdentity,
  stateDir: string,
): void {
  if (state === "connected") return;
  if (state === "server-unreachable") {
    throw new SensorError(
      "serverUnreachable",
      `Cannot report to ${server}: ${problem}`,
      "nothing is lost: the next run reports the state as it is then",
    );
  }
  const hint =
    state === "unknown-to-server"
      ? `the key is kept; to make this host a new sensor, move ${stateDir} away and enroll again`
      : undefined;
  throw new SensorError("sensorRefused", `Cannot report to ${server}: ${problem}`, hint);
}

function describe({ state, problem, result }: Cycle): string {
  if (!result) return `${state.replaceAll("-", " ")}: ${problem}`;
  const parts = [
    `checked in; ${result.uploaded.length > 0 ? `sent ${result.uploaded.join(", ")}` : "nothing has changed"}`,
  ];
  for (const { category, reason } of result.failed) parts.push(`${category} failed: ${reason}`);
  if (problem) parts.push(problem);
  return parts.join("; ");
}
