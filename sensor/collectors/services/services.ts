// The services in `systemctl list-unit-files --type=service`, with their enablement and whether they run.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, giveWay, NotOnThisHost, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { findRunningServices } from "./control-groups.ts";
import { enablementOf } from "./enablement.ts";
import { listUnitFolders } from "./search-path.ts";
import { findUnit, type Unit } from "./unit.ts";
import { lastOf } from "./unit-file.ts";
import { isServiceName, isTemplate, templateOf } from "./unit-name.ts";

const UNITS_PER_TURN = 50;

export async function collectServices(files: HostFiles): Promise<Item<"services">[]> {
  const folders = listUnitFolders(files);
  if (folders.length === 0) throw new NotOnThisHost("no systemd");
  const names = new Set<string>();
  for (const folder of folders) {
    for (const name of folder.files) if (isServiceName(name)) names.add(name);
    for (const name of folder.links.keys()) if (isServiceName(name)) names.add(name);
  }
  const running = findRunningServices(files);
  const items: Item<"services">[] = [];
  for (const name of names) {
    const unit = findUnit(files, folders, name);
    items.push(serviceItem(name, enablementOf(folders, name, unit), stateOf(name, unit, running), unit));
    if (items.length % UNITS_PER_TURN === 0) await giveWay();
  }
  return items;
}

function serviceItem(
  name: string,
  enablement: string,
  state: Item<"services">["state"],
  unit: Unit | undefined,
): Item<"services"> {
  const setting = (key: string, maxLength: number) =>
    unit && optionalFact(lastOf(unit.settings, key), maxLength);
  return {
    key: factText(name, 300),
    manager: "systemd",
    name: factText(name, 300),
    description: setting("Unit.Description", 500),
    enablement,
    state,
    command: unit && optionalFact(unit.settings.get("Service.ExecStart")?.[0], 2_000),
    user: setting("Service.User", 250),
    file: unit && factText(unit.path, 1_000),
  };
}

/** An alias runs if its unit does; a template, if one of its instances does. */
function stateOf(
  name: string,
  unit: Unit | undefined,
  running: ReadonlySet<string> | undefined,
): Item<"services">["state"] {
  if (running === undefined) return "unknown";
  const ownName = unit?.name ?? name;
  const isRunning = isTemplate(ownName)
    ? [...running].some((each) => templateOf(each) === ownName)
    : running.has(ownName) || running.has(name);
  return isRunning ? "running" : "stopped";
}
