// The services of Windows: what the registry says about each, and what the service control manager does.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { normalizePath, parseProgramPath } from "./program-path.ts";
import { findNumber, findText, type RegistryValues, valuesOf } from "./registry.ts";
import type { WindowsHost } from "./windows-host.ts";

type Service = Item<"services">;

/** What the service control manager knows about a service. */
export interface ServiceStatus {
  /** In the system's language. */
  displayName: string;
  /** SERVICE_STATUS_PROCESS: 1 stopped, 2 starting, 3 stopping, 4 running, 5 to 7 paused. */
  state: number;
  exitCode: number;
}

const SERVICES = "HKLM\\SYSTEM\\CurrentControlSet\\Services";
/** Bits of the value Type: separate programs and shared ones, also those of one user. Not drivers. */
const IS_PROGRAM = 0x10 | 0x20;
/** A copy of a service for one signed-in user, which ends with the session. */
const IS_INSTANCE_OF_USER = 0x80;
const STARTS: Record<number, string> = { 0: "boot", 1: "system", 2: "automatic", 3: "manual", 4: "disabled" };
const NEVER_STARTED = 1077;

/** `statuses` by name in lower case; undefined: the service control manager was not asked. */
export function readServices(
  host: WindowsHost,
  statuses: ReadonlyMap<string, ServiceStatus> | undefined,
): Service[] {
  return host.registry.listKeys(SERVICES).flatMap((name) => {
    const path = `${SERVICES}\\${name}`;
    const values = valuesOf(host.registry, path);
    const type = findNumber(values, "Type") ?? 0;
    if ((type & IS_PROGRAM) === 0 || (type & IS_INSTANCE_OF_USER) !== 0) return [];
    return serviceItem(host, name, values, statuses);
  });
}

function serviceItem(
  host: WindowsHost,
  name: string,
  values: RegistryValues,
  statuses: ReadonlyMap<string, ServiceStatus> | undefined,
): Service {
  const status = statuses?.get(name.toLowerCase());
  const exists = (path: string) => {
    const found = host.pathOf(path);
    return found !== undefined && host.files.exists(found);
  };
  const command = findText(values, "ImagePath");
  const path = `${SERVICES}\\${name}`;
  const library =
    findText(valuesOf(host.registry, `${path}\\Parameters`), "ServiceDll") ?? findText(values, "ServiceDll");
  return {
    key: factText(name, 300),
    kind: "service",
    manager: "windows",
    name: factText(name, 300),
    description: optionalFact(displayNameOf(values, status), 500),
    enablement: startOf(host, path, values),
    state: statuses === undefined ? "unknown" : stateOf(status),
    command: optionalFact(command && parseProgramPath(command, host.variables, exists), 1_000),
    library: optionalFact(library && normalizePath(library, host.variables), 1_000),
    user: factText(accountOf(findText(values, "ObjectName")), 250),
  };
}

/** In the registry, a name may be a reference to a text of a library: `@%SystemRoot%\x.dll,-100`. */
function displayNameOf(values: RegistryValues, status: ServiceStatus | undefined): string | undefined {
  const name = findText(values, "DisplayName");
  return name === undefined || name.startsWith("@") ? status?.displayName : name;
}

/** What starts with Windows may wait until the others have started, or for an event. */
function startOf(host: WindowsHost, path: string, values: RegistryValues): string {
  const start = findNumber(values, "Start");
  if (start === undefined) return "unknown";
  const text = STARTS[start] ?? `start ${start}`;
  if (start === 2 && findNumber(values, "DelayedAutostart") === 1) return `${text}-delayed`;
  const hasTrigger = host.registry.listKeys(`${path}\\TriggerInfo`).length > 0;
  return hasTrigger && start !== 4 ? `${text}-trigger` : text;
}

function stateOf(status: ServiceStatus | undefined): Service["state"] {
  if (status === undefined) return "stopped";
  if (status.state === 2) return "starting";
  if (status.state !== 1) return "running";
  return status.exitCode === 0 || status.exitCode === NEVER_STARTED ? "stopped" : "failed";
}

/** `NT AUTHORITY\LocalService` and `.\anna` are written in several ways. Without a name, it is SYSTEM. */
function accountOf(name: string | undefined): string {
  const plain = name?.replace(/^\.\\/, "") ?? "";
  const short = plain
    .replace(/^NT AUTHORITY\\/i, "")
    .toLowerCase()
    .replaceAll(" ", "");
  const known: Record<string, string> = {
    "": "SYSTEM",
    localsystem: "SYSTEM",
    system: "SYSTEM",
    localservice: "LOCAL SERVICE",
    networkservice: "NETWORK SERVICE",
  };
  return known[short] ?? plain;
}
