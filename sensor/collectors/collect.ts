// Collects the inventory. Each category is separate, so that a failed one does not affect the others.

import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { SensorPlatform } from "@attacklens/protocol/inventory/collected-on.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { LIMITS, type Limits } from "./budget.ts";
import { collectCertificates } from "./certificates/certificates.ts";
import { CannotRead, type Collector, factText, giveWay, NotOnThisHost, TooSlow } from "./collector.ts";
import { collectContainers } from "./containers/containers.ts";
import { drain } from "./drain.ts";
import { collectHardware } from "./hardware/hardware.ts";
import { type HostFiles, openHostFiles } from "./host-files.ts";
import { collectJobs } from "./jobs/jobs.ts";
import { isMacosDisk } from "./macos/macos-disk.ts";
import { collectNetwork } from "./network/network.ts";
import { collectPackages } from "./packages/packages.ts";
import { collectPorts } from "./ports/ports.ts";
import type { CategoryResult, Collected, CollectedCount, Uncollected } from "./result.ts";
import { collectSecurity } from "./security/security.ts";
import { openSeenKeys } from "./seen-keys.ts";
import { collectServices } from "./services/services.ts";
import { hostFactsOf } from "./system/host-facts.ts";
import { collectPortableNetwork, collectPortableSystem } from "./system/portable-system.ts";
import { collectSystem } from "./system/system.ts";
import { collectUsers } from "./users/users.ts";
import { isWindowsDisk } from "./windows/windows-disk.ts";

type Collectors = { [C in Category]?: Collector<C> };
const MAX_REASON = 500;

const LINUX: Collectors = {
  packages: collectPackages,
  services: collectServices,
  ports: collectPorts,
  users: collectUsers,
  security: collectSecurity,
  system: collectSystem,
  hardware: collectHardware,
  network: collectNetwork,
  jobs: collectJobs,
  certificates: collectCertificates,
  containers: collectContainers,
};
/** Loaded only on this platform, or for a disk of it. */
const windows = () => import("./windows/windows.ts");
const WINDOWS: Collectors = {
  packages: async (files) => (await windows()).collectWindowsPackages(files),
  services: async (files) => (await windows()).collectWindowsServices(files),
  ports: async (files) => (await windows()).collectWindowsPorts(files),
  users: async (files) => (await windows()).collectWindowsUsers(files),
  security: async (files) => (await windows()).collectWindowsSecurity(files),
  system: async (files) => (await windows()).collectWindowsSystem(files),
  hardware: async (files) => (await windows()).collectWindowsHardware(files),
  network: async (files) => (await windows()).collectWindowsNetwork(files),
  jobs: async (files) => (await windows()).collectWindowsJobs(files),
  certificates: async (files) => (await windows()).collectWindowsCertificates(files),
};
/** Loaded only on this platform, or for a disk of it. */
const macos = () => import("./macos/macos.ts");
const MACOS: Collectors = {
  packages: async (files) => (await macos()).collectMacosPackages(files),
  services: async (files) => (await macos()).collectMacosServices(files),
  ports: async (files) => (await macos()).collectMacosPorts(files),
  users: async (files) => (await macos()).collectMacosUsers(files),
  security: async (files) => (await macos()).collectMacosSecurity(files),
  system: async (files) => (await macos()).collectMacosSystem(files),
  hardware: async (files) => (await macos()).collectMacosHardware(files),
  network: async (files) => (await macos()).collectMacosNetwork(files),
  jobs: async (files) => (await macos()).collectMacosJobs(files),
  certificates: collectCertificates,
};
const OTHER_PLATFORMS: Collectors = { system: collectPortableSystem, network: collectPortableNetwork };

/**
 * Collects all categories, with items sorted by key. `root` is the folder with the host's files: "/" for this
 * host, another folder for captured or mounted files of a Linux host.
 */
export async function collectInventory(root = "/"): Promise<Collected> {
  const collected: Partial<Record<Category, CategoryResult<Category>>> = {};
  for (const category of CATEGORIES) {
    collected[category] = await collectCategory(category, root);
    await giveWay();
  }
  return collected as Collected;
}

/** The facts about the host for enrollment. */
export async function collectHostFacts(root = "/"): Promise<HostFacts> {
  const { system, network } = collectorsFor(root);
  const files = openHostFiles(root);
  const items = await Array.fromAsync((await system?.(files)) ?? []);
  return hostFactsOf(items, await Array.fromAsync((await network?.(files)) ?? []), files);
}

/** Never throws: a failed collector has a result too. */
export async function collectCategory<C extends Category>(
  category: C,
  root: string,
): Promise<CategoryResult<C>> {
  const collector: Collector<C> | undefined = collectorsFor(root)[category];
  return collector === undefined ? { status: "unsupported" } : await runCollector(collector, root);
}

/** Where a collector's items are kept: a list of them takes several times the memory of their text. */
export interface ItemStore<T> {
  add(item: T): void;
  count(): number;
}

/** Never throws. */
export async function collectInto<C extends Category>(
  category: C,
  root: string,
  store: ItemStore<Item<C>>,
): Promise<CollectedCount | Uncollected> {
  const collector: Collector<C> | undefined = collectorsFor(root)[category];
  return collector === undefined ? { status: "unsupported" } : await runInto(collector, root, LIMITS, store);
}

/** A test compares them with the table of the protocol. */
export const COLLECTORS: Record<SensorPlatform, Collectors> = {
  linux: LINUX,
  macos: MACOS,
  windows: WINDOWS,
};

/** By category. A test watches what they read. */
export function collectorsFor(root: string): Collectors {
  if (root !== "/") return collectorsForDisk(openHostFiles(root));
  if (process.platform === "win32") return WINDOWS;
  if (process.platform === "darwin") return MACOS;
  return process.platform === "linux" ? LINUX : OTHER_PLATFORMS;
}

function collectorsForDisk(files: HostFiles): Collectors {
  if (isWindowsDisk(files)) return WINDOWS;
  return isMacosDisk(files) ? MACOS : LINUX;
}

export async function runCollector<C extends Category>(
  collector: Collector<C>,
  root: string,
  limits = LIMITS,
): Promise<CategoryResult<C>> {
  const items: Item<C>[] = [];
  const store = { add: (item: Item<C>) => items.push(item), count: () => items.length };
  const result = await runInto(collector, root, limits, store);
  if (result.status !== "collected") return result;
  items.sort((left, right) => (left.key < right.key ? -1 : 1));
  const { status, ...others } = result;
  return { status, items, ...others };
}

async function runInto<C extends Category>(
  collector: Collector<C>,
  root: string,
  limits: Limits,
  store: ItemStore<Item<C>>,
): Promise<CollectedCount | Uncollected> {
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  const files = openHostFiles(root, limits);
  try {
    const count = await keepFirst(await collector(files), store, files.checkTime);
    const gaps = files.listGaps();
    return {
      status: "collected",
      ...(count > store.count() ? { totalItems: count } : {}),
      ...(gaps.length > 0 ? { gaps } : {}),
      durationMs: durationMs(),
      seen: files.listSeen(),
    };
  } catch (error) {
    const reason = factText(error instanceof Error ? error.message : String(error), MAX_REASON);
    const status = statusOf(error);
    // The others may have a passing reason.
    const seen = status === "absent" || status === "not-permitted" ? files.listSeen() : undefined;
    return { status, reason, durationMs: durationMs(), ...(seen ? { seen } : {}) };
  }
}

function statusOf(error: unknown): "failed" | "too-slow" | "not-permitted" | "absent" {
  if (error instanceof TooSlow) return "too-slow";
  if (error instanceof CannotRead && error.kind === "not-permitted") return "not-permitted";
  return error instanceof NotOnThisHost ? "absent" : "failed";
}

/** Keeps the first item of each key, at most MAX_ITEMS. Returns the number of all keys. */
async function keepFirst<T extends { key: string }>(
  items: Iterable<T> | AsyncIterable<T>,
  store: ItemStore<T>,
  checkTime: () => void,
): Promise<number> {
  const keys = openSeenKeys();
  let taken = 0;
  const take = (item: T) => {
    taken += 1;
    if (taken % 100 === 0) checkTime();
    if (!keys.add(item.key)) return;
    if (store.count() < MAX_ITEMS) store.add(item);
  };
  if (Array.isArray(items)) for (const item of drain(items)) take(item);
  else if (Symbol.iterator in items) for (const item of items) take(item);
  else for await (const item of items) take(item);
  return keys.count();
}
