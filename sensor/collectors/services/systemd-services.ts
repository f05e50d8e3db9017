// The services and sockets in `systemctl list-unit-files`, with their enablement and state, and the running
// instances of templates.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { factText, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { openUserNames } from "../users/user-names.ts";
import { enablementOf } from "./enablement.ts";
import { programOf } from "./exec-program.ts";
import type { UnitFolder } from "./search-path.ts";
import { accountOf, type UserName } from "./service-account.ts";
import { findUnit, type LoadedUnits, type Unit } from "./unit.ts";
import { lastOf } from "./unit-file.ts";
import { expandSpecifiers, isSocketName, isUnitName } from "./unit-name.ts";
import { readUnitStates } from "./unit-states.ts";

type Service = Item<"services">;

const MAX_LISTENS = 100;

export async function systemdServices(
  files: HostFiles,
  folders: readonly UnitFolder[],
): Promise<Iterable<Service>> {
  return listServices(files, folders, await readUnitStates(files));
}

/** One after another: a host may have many units. */
function* listServices(
  files: HostFiles,
  folders: readonly UnitFolder[],
  states: Awaited<ReturnType<typeof readUnitStates>>,
): Generator<Service> {
  const names = new Set(states.names);
  for (const folder of folders) {
    for (const name of folder.files) names.add(name);
    for (const name of folder.links.keys()) names.add(name);
  }
  const userName = openUserNames(files);
  const loaded: LoadedUnits = new Map();
  let count = 0;
  for (const name of names) {
    if (!isUnitName(name)) continue;
    count += 1;
    if (count > MAX_ITEMS) {
      // The rest is only counted, and the file of each unit takes time.
      yield { ...commonFacts(name), enablement: "", state: "unknown" };
      continue;
    }
    const unit = findUnit(files, folders, loaded, name);
    yield {
      ...describeUnit(name, unit, files, userName),
      enablement: factText(enablementOf(folders, name, unit), 40),
      // An alias has the state of its unit.
      state: states.stateOf(unit?.name ?? name),
    };
  }
}

function describeUnit(
  name: string,
  unit: Unit | undefined,
  files: HostFiles,
  userName: UserName,
): Omit<Service, "enablement" | "state"> {
  const common = {
    ...commonFacts(name),
    description: unit && optionalFact(expanded(unit, lastOf(unit.settings, "Unit.Description")), 500),
    file: unit && factText(unit.path, 1_000),
  };
  if (isSocketName(name)) return { ...common, listens: unit && listensOf(files, unit) };
  const start = unit?.settings.get("Service.ExecStart")?.[0];
  return {
    ...common,
    command: unit && optionalFact(expanded(unit, start && programOf(start, files)), 1_000),
    ...(unit && !unit.isMasked ? accountOf(unit, userName) : {}),
  };
}

function commonFacts(name: string): Pick<Service, "key" | "manager" | "kind" | "name"> {
  const kind = isSocketName(name) ? "socket" : "service";
  return { key: factText(name, 300), manager: "systemd", kind, name: factText(name, 300) };
}

function expanded(unit: Unit, text: string | undefined): string | undefined {
  return text === undefined ? undefined : expandSpecifiers(text, unit.name);
}

const LISTENS = ["Stream", "Datagram", "SequentialPacket", "FIFO", "Special", "Netlink", "MessageQueue"];

function listensOf(files: HostFiles, unit: Unit): string[] {
  const listens = LISTENS.flatMap((kind) => unit.settings.get(`Socket.Listen${kind}`) ?? []).flatMap(
    (address) => optionalFact(expanded(unit, address), 200) ?? [],
  );
  return [...firstOf(files, `addresses of ${unit.name}`, listens, MAX_LISTENS)];
}
