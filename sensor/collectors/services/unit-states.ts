// The states of units: from systemd itself, otherwise from the processes in their control groups.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import { findRunningServices } from "./control-groups.ts";
import { type ListedUnit, listUnits } from "./unit-list.ts";
import { isSocketName, isTemplate, isUnitName, templateOf } from "./unit-name.ts";

export type State = Item<"services">["state"];

export interface UnitStates {
  /** Units that run or failed, or are about to. They can lack a unit file of their name. */
  names: Iterable<string>;
  /** A template runs if one of its instances does. */
  stateOf(name: string): State;
}

export async function readUnitStates(files: HostFiles): Promise<UnitStates> {
  // Without this folder, another init system runs (sd_booted(3)).
  if (!files.exists("/run/systemd/system")) return { names: [], stateOf: () => "unknown" };
  const listed = files.isRunning ? await listUnits(files) : undefined;
  return listed ? statesOf(listed) : statesByControlGroup(files);
}

export function statesOf(listed: readonly ListedUnit[]): UnitStates {
  const states = new Map<string, State>();
  const runningTemplates = new Set<string>();
  for (const unit of listed) {
    if (!isUnitName(unit.name)) continue;
    const state = stateIn(unit);
    states.set(unit.name, state);
    if (state === "running") runningTemplates.add(templateOf(unit.name) ?? "");
  }
  return {
    names: [...states].flatMap(([name, state]) => (state === "stopped" ? [] : name)),
    stateOf: (name) => states.get(name) ?? (runningTemplates.has(name) ? "running" : "stopped"),
  };
}

function stateIn({ active, sub }: ListedUnit): State {
  switch (active) {
    case "active":
      return sub === "exited" ? "exited" : "running";
    // It has processes until it is stopped.
    case "reloading":
    case "refreshing":
    case "deactivating":
      return "running";
    case "activating":
      return "starting";
    case "failed":
      return "failed";
    case "inactive":
      return "stopped";
    default:
      return "unknown";
  }
}

function statesByControlGroup(files: HostFiles): UnitStates {
  const running = findRunningServices(files);
  if (running === undefined) return { names: [], stateOf: () => "unknown" };
  const templates = new Set([...running].map(templateOf));
  return {
    names: running,
    stateOf(name) {
      // A listening socket has no process.
      if (isSocketName(name)) return "unknown";
      return (isTemplate(name) ? templates.has(name) : running.has(name)) ? "running" : "stopped";
    },
  };
}
