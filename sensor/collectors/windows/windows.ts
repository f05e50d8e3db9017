// The collectors of Windows: of this host, or of a disk of another one.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, gapOf, NotOnThisHost } from "../collector.ts";
import { parseSmbios, type SmbiosStructure } from "../hardware/smbios.ts";
import type { HostFiles } from "../host-files.ts";
import { withinLimits } from "../network/resolver.ts";
import { upToTen } from "../system/mounts.ts";
import { accountItems } from "./accounts.ts";
import { adapterItems } from "./adapters.ts";
import { auditSettings } from "./audit-policy.ts";
import { readCertificates } from "./certificates.ts";
import { readChocolateyPackages } from "./chocolatey.ts";
import { readBiosParts, readFirmwareMode, readIdentifiers, readVirtualization } from "./firmware.ts";
import { processorCounts, smbiosParts } from "./firmware-parts.ts";
import { readHotfixes } from "./hotfixes.ts";
import { readLocalGroups, readLocalUsers, readPasswordPolicy } from "./live-accounts.ts";
import { readAdapters } from "./live-adapters.ts";
import { readAuditPolicy } from "./live-audit-policy.ts";
import { readDisks } from "./live-disks.ts";
import { openProcesses } from "./live-processes.ts";
import { readServiceStatuses } from "./live-services.ts";
import { readSockets } from "./live-sockets.ts";
import { countProcessors, listVolumes, readFirmwareTables, readLiveHost, readMemory } from "./live-system.ts";
import { policySettings } from "./password-policy.ts";
import { readPowerShellFacts } from "./powershell.ts";
import { readPrograms } from "./programs.ts";
import { readServices } from "./services.ts";
import { readSettings } from "./settings.ts";
import { portItems } from "./sockets.ts";
import { readStoreApps } from "./store-apps.ts";
import { readCpu, readHost, readKernel, readOs } from "./system.ts";
import { readTasks } from "./tasks.ts";
import { openWindowsHost } from "./windows-host.ts";

export const collectWindowsPackages = (files: HostFiles): Item<"packages">[] => {
  const host = openWindowsHost(files);
  return [
    ...readPrograms(host.registry, host.users, host.variables),
    ...readStoreApps(host.registry, host.users),
    ...readChocolateyPackages(host),
    ...readHotfixes(host.registry),
  ];
};

export const collectWindowsServices = (files: HostFiles): Item<"services">[] => {
  const statuses = files.isLive ? readServiceStatuses() : undefined;
  return readServices(openWindowsHost(files), statuses);
};

export const collectWindowsPorts = (files: HostFiles): Item<"ports">[] => {
  requireRunning(files);
  const processes = openProcesses();
  return portItems(readSockets(), (pid) => processes.find(pid));
};

export const collectWindowsUsers = (files: HostFiles): Item<"users">[] => {
  requireRunning(files);
  const { profiles } = openWindowsHost(files);
  const folders = new Map(profiles.map(({ sid, folder }) => [sid, folder]));
  const users = readLocalUsers((sid) => folders.get(sid));
  if (users === undefined) throw new Error("Windows does not list the local users");
  return accountItems(users, readLocalGroups(), new Date().toISOString().slice(0, 10), files);
};

export const collectWindowsSecurity = async (files: HostFiles): Promise<Item<"security">[]> => {
  const { registry, variables } = openWindowsHost(files);
  const settings = readSettings(registry);
  if (!files.isLive) return settings;
  const others = [...policySettings(readPasswordPolicy()), ...auditSettings(findAuditPolicy(files))];
  try {
    const { settings: more, gaps } = await readPowerShellFacts(variables);
    for (const gap of gaps) files.noteGap(gap);
    return [...settings, ...more, ...others];
  } catch (error) {
    files.noteGap(gapOf(error, "powershell.exe"));
    return [...settings, ...others];
  }
};

function findAuditPolicy(files: HostFiles): ReadonlyMap<string, number> {
  try {
    return readAuditPolicy();
  } catch (error) {
    files.noteGap(gapOf(error, "audit policy"));
    return new Map();
  }
}

export const collectWindowsHardware = (files: HostFiles): Item<"hardware">[] => {
  const { registry } = openWindowsHost(files);
  const parts = smbiosParts(files.isLive ? readFirmware() : []);
  // A disk without its machine has what the last start wrote into the registry, if anything.
  const described = parts.length > 0 ? parts : readBiosParts(registry);
  return [
    ...described.map((part) =>
      part.kind === "firmware" ? { ...part, mode: readFirmwareMode(registry) } : part,
    ),
    ...(files.isLive ? readDisks() : []),
  ];
};

function readFirmware(): SmbiosStructure[] {
  return parseSmbios(readFirmwareTables() ?? Buffer.alloc(0));
}

export const collectWindowsNetwork = (files: HostFiles): Item<"network">[] => {
  requireRunning(files);
  return adapterItems(readAdapters(), openWindowsHost(files).registry).map((item) =>
    item.kind === "resolver" ? withinLimits(files, item) : item,
  );
};

export const collectWindowsCertificates = (files: HostFiles): Item<"certificates">[] =>
  readCertificates(openWindowsHost(files).registry, files.noteGap);

export const collectWindowsJobs = (files: HostFiles): Item<"jobs">[] => readTasks(openWindowsHost(files));

export const collectWindowsSystem = (files: HostFiles): Item<"system">[] => {
  const { registry } = openWindowsHost(files);
  const live = files.isLive;
  const firmware = live ? readFirmware() : [];
  return [
    readHost(registry, live ? readLiveHost() : undefined),
    readOs(registry),
    readKernel(registry),
    { ...readCpu(registry, live ? countProcessors() : undefined), ...processorCounts(firmware) },
    ...(live ? liveParts() : []),
    readIdentifiers(registry, firmware),
    ...readVirtualization(registry, firmware),
  ];
};

function liveParts(): Item<"system">[] {
  const memory = readMemory();
  return [
    ...(memory ? [{ key: "memory" as const, kind: "memory" as const, ...memory }] : []),
    ...listVolumes().map(({ path, fileSystem, sizeBytes = 0, availableBytes = 0 }) => ({
      key: `mount:${path}`,
      kind: "mount" as const,
      path,
      device: path,
      fileSystem: factText(fileSystem, 60),
      sizeBytes: sizeBytes || undefined,
      usedPercent: upToTen(sizeBytes - availableBytes, sizeBytes),
    })),
  ];
}

function requireRunning(files: HostFiles): void {
  if (!files.isLive) throw new NotOnThisHost("the system of this disk does not run");
}
