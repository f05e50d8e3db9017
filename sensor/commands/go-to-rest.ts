// When a running sensor goes to rest, and what it passes on.
import { readFileSync } from "node:fs";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { routePath } from "@attacklens/protocol/route.ts";
import { UPDATE_ATTEMPT_HEADER, UPDATE_VERSION_HEADER } from "@attacklens/protocol/updates.ts";
import type { HostInventory } from "../inventory/inventory.ts";
import type { Cycle, CycleMemory } from "../reporting/cycle.ts";
import { categoryReports, makeReport } from "../reporting/report.ts";
import { hashOf, type RestState } from "../reporting/rest.ts";
import { identityPath, isSameIdentity, readIdentity } from "../state/identity.ts";
import { readStatus } from "../state/status-file.ts";
import { wait } from "../transport/back-off.ts";
import { VERSIONS } from "../transport/request.ts";
import { AT_REST, canReplaceProcess, replaceProcess } from "./replace-process.ts";
import { sleepUntilDue } from "./sleep-until-due.ts";
import { flushErrors } from "./terminal.ts";

/** A signal that arrives during the replacement ends the process at once. Most arrive soon after a start. */
const AWAKE_MS = 3_000;
/** For a shorter time, it is not worth it. */
const SHORTEST_REST_MS = 10_000;
/** A host that changes often stays awake: starting costs more than a cycle. */
const MOST_QUIET_CYCLES = 5;

export interface RestOptions {
  stateDir: string;
  /** Of `run`. */
  args: string[];
  inventory: HostInventory;
  memory: CycleMemory;
  /** Whether something else than the cycles needs this process. */
  isBusy: () => boolean;
  /** Replacing the process closes its files. */
  needsFiles: boolean;
  shortRests: number;
  signal: AbortSignal;
}

/** Returns a function that replaces this process after a cycle, if it may. */
export function openRest(options: RestOptions): (cycle: Cycle, nextMs: number) => Promise<number> {
  const neededCycles = Math.min(options.shortRests, MOST_QUIET_CYCLES);
  let quietCycles = 0;
  return async (cycle, nextMs) => {
    quietCycles = cycle.result?.uploaded.length === 0 ? quietCycles + 1 : 0;
    const { args, signal, isBusy, needsFiles } = options;
    if (nextMs < SHORTEST_REST_MS || quietCycles < neededCycles || isBusy()) return nextMs;
    await wait(AWAKE_MS, signal);
    const leftMs = nextMs - AWAKE_MS;
    const state = findRestState(options, cycle, leftMs);
    if (signal.aborted || isBusy() || state === undefined) return leftMs;
    if (needsFiles || !canReplaceProcess()) {
      // What the cycle leaves behind stays otherwise.
      Bun.gc(true);
      await sleepUntilDue({ ...state, waitMs: leftMs, signal });
      return 0;
    }
    await flushErrors();
    await replaceProcess(["run", ...args, AT_REST], state, { isResting: true, signal });
    return leftMs;
  };
}

/** Undefined: the next check-in may be another one. */
function findRestState(options: RestOptions, cycle: Cycle, nextMs: number): RestState | undefined {
  const { stateDir, memory, inventory, args, shortRests } = options;
  const { state, problem, identity, result } = cycle;
  if (state !== "connected" || problem !== null || !result?.isTaken || result.rotateKey) return undefined;
  if (identity.nextKey || identity.cloneKey || memory.accepted === undefined) return undefined;
  // It needs the relay.
  if (identity.ca && memory.proxy?.startsWith("https:")) return undefined;
  const kept = inventory.keep();
  const status = readStatus(stateDir);
  if (kept === undefined || status === undefined) return undefined;
  const found = Object.fromEntries(kept.results.map((each) => [each.category, each.result]));
  const switchedOff = Object.fromEntries(
    result.switchedOff.map((category) => [category, { status: "switched-off" as const }]),
  );
  const report = makeReport({ ...found, ...switchedOff }, Date.now());
  const body = JSON.stringify({ ...VERSIONS, inventory: categoryReports(report) });
  const { offer, checkInIntervalSeconds } = result;
  const file = readFileSync(identityPath(stateDir), "utf8");
  const onDisk = readIdentity(stateDir);
  if (onDisk?.state !== "enrolled" || !isSameIdentity(onDisk, identity)) return undefined;
  // A proxy of the identity stays in its file, because its URL may have a password.
  const passed = identity.proxy === undefined ? memory : { ...memory, proxy: undefined };
  return {
    ...{ processId: process.pid, stateDir, args: ["run", ...args], memory: passed, kept, status, shortRests },
    ...{ identityPath: identityPath(stateDir), sensorId: identity.sensorId, publicKey: identity.publicKey },
    identityHash: hashOf(file),
    waitMs: nextMs,
    request: { method: checkIn.method, path: routePath(checkIn, undefined), body },
    reply: {
      ...{ status: checkIn.status, checkInIntervalSeconds, serverKey: result.serverKey },
      headers: {
        [UPDATE_VERSION_HEADER]: offer?.version ?? null,
        [UPDATE_ATTEMPT_HEADER]: offer ? String(offer.attempt) : null,
      },
    },
  };
}
