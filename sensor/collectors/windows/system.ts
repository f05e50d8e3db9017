// The machine and its Windows, from the registry.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { findNumber, findText, parseUnixTime, type Registry, valuesOf } from "./registry.ts";

type System = Item<"system">;

const CURRENT_VERSION = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
const CONTROL = "HKLM\\SYSTEM\\CurrentControlSet\\Control";
const TCPIP = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters";
const PROCESSORS = "HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor";
const FIRST_BUILD_OF_11 = 22_000;
const ARCHITECTURES: Record<string, string> = { amd64: "amd64", arm64: "arm64", x86: "x86" };

/** The build with the number of its last update, which decides what is fixed: `10.0.19045.3570`. */
export function readBuild(registry: Registry): string {
  const values = valuesOf(registry, CURRENT_VERSION);
  const major = findNumber(values, "CurrentMajorVersionNumber");
  const minor = findNumber(values, "CurrentMinorVersionNumber");
  // Before Windows 10, there is only a text.
  const version = major === undefined ? findText(values, "CurrentVersion") : `${major}.${minor ?? 0}`;
  const build = findText(values, "CurrentBuildNumber") ?? findText(values, "CurrentBuild");
  return [version, build, findNumber(values, "UBR")].filter((part) => part !== undefined).join(".");
}

export function readOs(registry: Registry): Extract<System, { kind: "os" }> {
  const values = valuesOf(registry, CURRENT_VERSION);
  const build = findText(values, "CurrentBuildNumber") ?? findText(values, "CurrentBuild");
  const ubr = findNumber(values, "UBR");
  const installedAt = findNumber(values, "InstallDate");
  return {
    key: "os",
    kind: "os",
    platform: "windows",
    name: factText(productName(findText(values, "ProductName") ?? "Windows", Number(build)), 200),
    version: factText(readBuild(registry), 200),
    id: "windows",
    buildId: optionalFact([build, ubr].filter((part) => part !== undefined).join("."), 200),
    displayVersion: optionalFact(findText(values, "DisplayVersion") ?? findText(values, "ReleaseId"), 40),
    edition: optionalFact(findText(values, "EditionID"), 100),
    installationType: optionalFact(findText(values, "InstallationType"), 100),
    installedAt: installedAt === undefined ? undefined : parseUnixTime(installedAt),
  };
}

/** In Windows 11, the registry still says Windows 10. */
function productName(name: string, build: number): string {
  return build >= FIRST_BUILD_OF_11 ? name.replace(/\bWindows 10\b/, "Windows 11") : name;
}

export function readKernel(registry: Registry): System {
  return { key: "kernel", kind: "kernel", release: factText(readBuild(registry), 200) };
}

/** What the host is a member of. */
export interface Join {
  kind: "workgroup" | "domain";
  name: string;
}

export interface LiveHost {
  hostname: string;
  bootedAt: string | undefined;
  timeZone: string | undefined;
  join: Join | undefined;
}

type Membership = Pick<Extract<System, { kind: "host" }>, "domain" | "workgroup" | "entraTenant">;

/** `live`: what the running system says; undefined for a disk. */
export function readHost(registry: Registry, live?: LiveHost): Extract<System, { kind: "host" }> {
  const tcpip = valuesOf(registry, TCPIP);
  const name =
    findText(tcpip, "Hostname") ??
    findText(tcpip, "NV Hostname") ??
    findText(valuesOf(registry, `${CONTROL}\\ComputerName\\ActiveComputerName`), "ComputerName") ??
    findText(valuesOf(registry, `${CONTROL}\\ComputerName\\ComputerName`), "ComputerName");
  const hostname = live?.hostname || name || "localhost";
  const domain = findText(tcpip, "Domain") ?? findText(tcpip, "NV Domain");
  return {
    key: "host",
    kind: "host",
    hostname: factText(hostname, 253),
    fqdn: optionalFact(domain && `${hostname.split(".", 1)[0]}.${domain}`, 253),
    bootedAt: live?.bootedAt,
    timeZone: optionalFact(live?.timeZone ?? readTimeZone(registry), 100),
    ...readMembership(registry, live?.join, domain),
  };
}

/** The name of the zone in Windows, e.g. `W. Europe Standard Time`. */
function readTimeZone(registry: Registry): string | undefined {
  return findText(valuesOf(registry, `${CONTROL}\\TimeZoneInformation`), "TimeZoneKeyName");
}

/**
 * The domain of Active Directory that the host has joined, and the tenant of Entra ID. Group Policy remembers
 * the domain, also after the host has left it. Then, the suffix of the network settings is another one.
 */
function readMembership(registry: Registry, join: Join | undefined, suffix: string | undefined): Membership {
  const history = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History";
  const remembered = findText(valuesOf(registry, history), "MachineDomain");
  const isMember = remembered !== undefined && remembered.toLowerCase() === suffix?.toLowerCase();
  const domain = join?.kind === "domain" ? join.name : isMember ? remembered : undefined;
  const cloud = `${CONTROL}\\CloudDomainJoin\\JoinInfo`;
  const tenant = registry
    .listKeys(cloud)
    .map((key) => findText(valuesOf(registry, `${cloud}\\${key}`), "TenantId"))
    .find((id) => id !== undefined);
  return {
    domain: optionalFact(domain, 253),
    workgroup: domain === undefined && join?.kind === "workgroup" ? optionalFact(join.name, 253) : undefined,
    entraTenant: optionalFact(tenant, 100),
  };
}

/** `processorCount`: of the running system. */
export function readCpu(registry: Registry, processorCount?: number): Extract<System, { kind: "cpu" }> {
  const processors = registry.listKeys(PROCESSORS).filter((name) => /^\d+$/.test(name));
  const first = valuesOf(registry, `${PROCESSORS}\\${processors[0] ?? "0"}`);
  const architecture =
    findText(valuesOf(registry, `${CONTROL}\\Session Manager\\Environment`), "PROCESSOR_ARCHITECTURE") ?? "";
  return {
    key: "cpu",
    kind: "cpu",
    model: factText(findText(first, "ProcessorNameString")?.replace(/\s+/g, " ") ?? "", 300),
    architecture: factText(ARCHITECTURES[architecture.toLowerCase()] ?? architecture, 40),
    logicalCount: processorCount ?? processors.length,
  };
}
