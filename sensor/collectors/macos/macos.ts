// The collectors of macOS: of this host, or of a disk or a captured tree of another one.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { CannotRead, gapOf, NotOnThisHost, TooSlow } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { readCronJobs } from "../jobs/cron.ts";
import { withKeys } from "../jobs/job.ts";
import { readResolver, withinLimits } from "../network/resolver.ts";
import { readBrewPackages } from "../packages/brew.ts";
import { readLanguagePackages } from "../packages/languages/languages.ts";
import { openPackageList } from "../packages/package-source.ts";
import { distributionOf } from "../packages/purl.ts";
import { readSshSettings } from "../security/ssh.ts";
import { readAuthorizedKeysPatterns, readHostKeys } from "../security/sshd-keys.ts";
import { collectPortableNetwork } from "../system/portable-system.ts";
import { readAuthorizedKeys } from "../users/authorized-keys.ts";
import { readPrivileges } from "../users/privileges.ts";
import { indexAccounts } from "../users/sudo/accounts.ts";
import { groupItem, parseGroups, parseUsers, userItem } from "./accounts.ts";
import {
  DIRECTORY,
  type DirectoryRecord,
  DSCL,
  GROUP_ATTRIBUTES,
  parseDscl,
  readDirectoryFiles,
  USER_ATTRIBUTES,
} from "./directory.ts";
import { HARDWARE_TYPES, hardwareParts } from "./hardware.ts";
import { scheduledJobs } from "./jobs.ts";
import { readLaunchdJobs } from "./launchd.ts";
import { noteMissingAccess } from "./macos-host.ts";
import { MOUNT, parseMounts, withSpace } from "./mounts.ts";
import { NETSTAT, parseRoutes, parseScutilDns, SCUTIL } from "./network.ts";
import { readMacosPackages } from "./packages.ts";
import { launchdServices, parseLaunchctlPrint } from "./services.ts";
import { readFirewallFile, readGatekeeper, readPreferenceSettings } from "./settings.ts";
import { LSOF, parseExecutables, parseLsof } from "./sockets.ts";
import * as system from "./system.ts";
import { SYSTEM_PROFILER } from "./system-profiler.ts";
import {
  parseEnrollment,
  parseFileVault,
  parseFirewallReport,
  parseFirewallState,
  parseGatekeeper,
  parseSip,
} from "./tool-settings.ts";
import { openTools, type RunTool } from "./tools.ts";

/** system_profiler asks each device. */
const MAX_PROCESSES = 1_000;
const MAX_MOUNTS = 1_000;
const MAX_ROUTES = 5_000;
const MAX_RESOLVERS = 100;
const PROFILER_MS = 8_000;

export const collectMacosPackages = (files: HostFiles): Iterable<Item<"packages">> => {
  noteMissingAccess(files);
  const brew = readBrewPackages({ files, distribution: distributionOf("macos"), isFull: () => false }) ?? [];
  const packages = openPackageList();
  for (const items of [readMacosPackages(files), brew, readLanguagePackages(files)])
    for (const item of items) packages.add(item);
  return packages.drain();
};

export const collectMacosServices = async (files: HostFiles): Promise<Item<"services">[]> => {
  noteMissingAccess(files);
  const jobs = readLaunchdJobs(files);
  const text = await openTools(files)("/bin/launchctl", ["print", "system"]);
  const states = text === undefined ? undefined : parseLaunchctlPrint(text);
  if (text !== undefined && states === undefined)
    files.noteGap({
      kind: "not-understood",
      subject: "launchctl print system",
      reason: "no list of services",
    });
  return launchdServices(jobs, states);
};

export const collectMacosPorts = async (files: HostFiles): Promise<Item<"ports">[]> => {
  requireRunning(files);
  const run = openTools(files);
  const [sockets, processes] = await Promise.all([
    run(LSOF.path, LSOF.args),
    run("/bin/ps", ["-axww", "-o", "pid=,comm="]),
  ]);
  if (sockets === undefined) throw new Error("lsof does not list the sockets");
  if (process.getuid?.() !== 0)
    files.noteGap({
      kind: "not-permitted",
      subject: "sockets of other users",
      reason: "the sensor does not run as root",
    });
  return parseLsof(sockets, parseExecutables(processes ?? "")).map((port) => ({
    ...port,
    processes: [...firstOf(files, `processes of ${port.key}`, port.processes, MAX_PROCESSES)],
  }));
};

export const collectMacosUsers = async (files: HostFiles): Promise<Item<"users">[]> => {
  noteMissingAccess(files);
  const run = openTools(files);
  const userRecords = await readRecords(files, run, "users", "/Users", USER_ATTRIBUTES);
  if (userRecords === undefined) throw withoutUsers(files);
  const groupRecords = (await readRecords(files, run, "groups", "/Groups", GROUP_ATTRIBUTES)) ?? [];
  const users = parseUsers(userRecords);
  const groups = parseGroups(groupRecords, users);
  const accounts = indexAccounts(users, groups);
  const privileges = readPrivileges(files, accounts);
  const patterns = readAuthorizedKeysPatterns(files);
  return [
    ...users.map((user, id) => ({
      ...userItem(files, id, user, accounts, privileges),
      authorizedKeys: hasOwnHome(user.home)
        ? readAuthorizedKeys(files, user, patterns, () => true)
        : undefined,
    })),
    ...groups.map((group) => groupItem(files, group, accounts, privileges)),
  ];
};

/** A directory that cannot be read is not the absence of one. */
function withoutUsers(files: HostFiles): Error {
  const gap = files.listGaps().find(({ subject }) => subject.startsWith(DIRECTORY));
  return gap === undefined
    ? new NotOnThisHost("no directory of local users")
    : new CannotRead(gap.subject, gap.reason, gap.kind);
}

/** Homes below /Network are on a server. */
function hasOwnHome(home: string): boolean {
  return /^\/(?:Users|private\/var|var)\//.test(home) && home !== "/var/empty";
}

/** dscl asks the directory; the files behind it are for a disk. */
async function readRecords(
  files: HostFiles,
  run: RunTool,
  kind: "users" | "groups",
  path: string,
  attributes: readonly string[],
): Promise<DirectoryRecord[] | undefined> {
  const output = await run(DSCL, ["-plist", ".", "-readall", path, ...attributes]);
  if (output === undefined) return readDirectoryFiles(files, kind);
  try {
    return parseDscl(output);
  } catch (error) {
    files.noteGap(gapOf(error, "dscl"));
    return readDirectoryFiles(files, kind);
  }
}

export const collectMacosSecurity = async (files: HostFiles): Promise<Item<"security">[]> => {
  noteMissingAccess(files);
  const run = openTools(files);
  const gatekeeper = readGatekeeper(files);
  const firewall = readFirewallFile(files, system.readOs(files).versionId);
  const parsed = async (
    parse: (text: string) => Item<"security">[],
    path: string,
    args: string[],
    timeoutMs?: number,
  ) => parse((await run(path, args, timeoutMs)) ?? "");
  const ofTools = await Promise.all([
    parsed(parseFileVault, "/usr/bin/fdesetup", ["status"]),
    parsed(parseSip, "/usr/bin/csrutil", ["status"]),
    parsed(parseEnrollment, "/usr/bin/profiles", ["status", "-type", "enrollment"]),
    gatekeeper ? [gatekeeper] : parsed(parseGatekeeper, "/usr/sbin/spctl", ["--status"]),
    firewall ?? askFirewall(parsed),
  ]);
  return [
    ...attempt(files, "ssh settings", () => [...readSshSettings(files), ...readHostKeys(files)]),
    ...attempt(files, "preferences", () => readPreferenceSettings(files)),
    ...ofTools.flat(),
  ];
};

type Ask = (
  parse: (text: string) => Item<"security">[],
  path: string,
  args: string[],
  timeoutMs?: number,
) => Promise<Item<"security">[]>;

/** The report has more than the tool of the firewall. */
async function askFirewall(ask: Ask): Promise<Item<"security">[]> {
  const report = await ask(parseFirewallReport, SYSTEM_PROFILER, ["-json", "SPFirewallDataType"]);
  if (report.length > 0) return report;
  const tool = "/usr/libexec/ApplicationFirewall/socketfilterfw";
  return await ask(parseFirewallState, tool, ["--getglobalstate"], 2_000);
}

function attempt<T>(files: HostFiles, subject: string, read: () => T[]): T[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof TooSlow) throw error;
    files.noteGap(gapOf(error, subject));
    return [];
  }
}

export const collectMacosSystem = async (files: HostFiles): Promise<Item<"system">[]> => {
  const run = openTools(files);
  const [kernel, registry, mounts] = await Promise.all([
    run(system.SYSCTL.path, system.SYSCTL.args),
    run(system.IOREG.path, system.IOREG.args),
    run(MOUNT.path, MOUNT.args),
  ]);
  const sysctl = system.parseSysctl(kernel ?? "");
  const platform = system.parseIoreg(registry ?? "");
  return [
    system.readHost(files, sysctl),
    system.readOs(files),
    ...system.readKernel(files, sysctl),
    ...system.readCpu(files, sysctl),
    ...system.readMemory(files),
    system.readIdentifiers(platform),
    ...system.readVirtualization(platform, sysctl),
    ...withSpace(firstOf(files, "mounts", parseMounts(mounts ?? ""), MAX_MOUNTS)),
  ];
};

export const collectMacosHardware = async (files: HostFiles): Promise<Item<"hardware">[]> => {
  requireRunning(files);
  const report = await openTools(files)(SYSTEM_PROFILER, ["-json", ...HARDWARE_TYPES], PROFILER_MS);
  return report === undefined ? [] : hardwareParts(report);
};

export const collectMacosNetwork = async (files: HostFiles): Promise<Item<"network">[]> => {
  if (!files.isLive) return readResolver(files);
  const run = openTools(files);
  const [routes, dns] = await Promise.all([run(NETSTAT.path, NETSTAT.args), run(SCUTIL.path, SCUTIL.args)]);
  const resolvers = firstOf(files, "resolvers", parseScutilDns(dns ?? ""), MAX_RESOLVERS);
  return [
    ...collectPortableNetwork(),
    ...firstOf(files, "routes", parseRoutes(routes ?? ""), MAX_ROUTES),
    ...(resolvers.length > 0 ? resolvers.map((each) => withinLimits(files, each)) : readResolver(files)),
  ];
};

export const collectMacosJobs = (files: HostFiles): Item<"jobs">[] => {
  noteMissingAccess(files);
  return [...withKeys([...scheduledJobs(readLaunchdJobs(files)), ...readCronJobs(files)])];
};

function requireRunning(files: HostFiles): void {
  if (!files.isLive) throw new NotOnThisHost("the system of this disk does not run");
}
