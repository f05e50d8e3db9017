// The services of macOS: what the files of launchd say, and the state that launchd knows.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import type { LaunchdJob } from "./launchd.ts";

type Service = Item<"services">;

/** What launchd knows about a service of the system. */
export interface LaunchdState {
  isRunning: boolean;
  /** Of its last run; undefined: none, or a signal ended it. */
  exitCode: number | undefined;
}

/**
 * The list `services` in the output of `launchctl print system`: process id, last exit status and label of
 * each. Undefined: it has no such list.
 */
export function parseLaunchctlPrint(text: string): Map<string, LaunchdState> | undefined {
  const states = new Map<string, LaunchdState>();
  let isInList = false;
  let found = false;
  for (const line of text.split("\n")) {
    if (/^\tservices = \{/.test(line)) {
      isInList = true;
      found = true;
    } else if (isInList && /^\t\}/.test(line)) break;
    else if (isInList) {
      const [pid = "", status = "", ...label] = line.trim().split(/\s+/);
      if (!/^(?:\d+|-)$/.test(pid) || label.length === 0) continue;
      states.set(label.join(" "), {
        isRunning: pid !== "-" && Number(pid) > 0,
        exitCode: /^\d{1,10}$/.test(status) ? Number(status) : undefined,
      });
    }
  }
  return found ? states : undefined;
}

/** `states`: undefined if launchd was not asked. The states of agents are those of sessions. */
export function launchdServices(
  jobs: readonly LaunchdJob[],
  states: ReadonlyMap<string, LaunchdState> | undefined,
): Service[] {
  return jobs.map(({ label, kind, file, program, user, isEnabled }) => ({
    // Users may have agents of the same name.
    key: factText(kind === "daemon" ? label : `${label} ${file}`, 300),
    kind: "service" as const,
    manager: "launchd" as const,
    name: factText(label, 300),
    enablement: isEnabled ? "enabled" : "disabled",
    state: kind === "agent" || states === undefined ? "unknown" : stateOf(states.get(label)),
    command: optionalFact(program, 1_000),
    user: optionalFact(user, 250),
    file: factText(file, 1_000),
  }));
}

function stateOf(state: LaunchdState | undefined): Service["state"] {
  if (state === undefined) return "stopped";
  if (state.isRunning) return "running";
  return state.exitCode !== undefined && state.exitCode > 0 ? "failed" : "stopped";
}
