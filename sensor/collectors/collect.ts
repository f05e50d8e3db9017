// Collects the inventory. Each category is separate, so that a failed one does not affect the others.

import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { LIMITS } from "./budget.ts";
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
import type { CategoryResult, Collected, CollectedItems, Uncollected } from "./result.ts";
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
  return await collectAs(category, root, (item) => item);
}

/** Keeps what `keep` makes of each item: a list of items takes several times the memory of their text. */
export async function collectAs<C extends Category, T extends { key: string }>(
  category: C,
  root: string,
  keep: (item: Item<C>) => T,
): Promise<CollectedItems<T> | Uncollected> {
  const collector: Collector<C> | undefined = collectorsFor(root)[category];
  return collector === undefined
    ? { status: "unsupported" }
    : await runCollector(collector, root, LIMITS, keep);
}

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

export async function runCollector<C extends Category, T extends { key: string } = Item<C>>(
  collector: Collector<C>,
  root: string,
  limits = LIMITS,
  keep = (item: Item<C>) => item as unknown as T,
): Promise<CollectedItems<T> | Uncollected> {
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  try {
    const files = openHostFiles(root, limits);
    const { items, count } = await firstOfEachKey(await collector(files), keep, files.checkTime);
    const gaps = files.listGaps();
    return {
      status: "collected",
      items,
      ...(count > items.length ? { totalItems: count } : {}),
      ...(gaps.length > 0 ? { gaps } : {}),
      durationMs: durationMs(),
      seen: files.listSeen(),
    };
  } catch (error) {
    const reason = factText(error instanceof Error ? error.message : String(error), MAX_REASON);
    return { status: statusOf(error), reason, durationMs: durationMs() };
  }
}

function statusOf(error: unknown): "failed" | "too-slow" | "not-permitted" | "absent" {
  if (error instanceof TooSlow) return "too-slow";
  if (error instanceof CannotRead && error.kind === "not-permitted") return "not-permitted";
  return error instanceof NotOnThisHost ? "absent" : "failed";
}

/**
 * The first item of each key, sorted by key in UTF-16 units, as in the chunks; the first MAX_ITEMS of a
 * longer list, and the number of all.
 */
async function firstOfEachKey<I extends { key: string }, T extends { key: string }>(
  items: Iterable<I> | AsyncIterable<I>,
  keep: (item: I) => T,
  checkTime: () => void,
): Promise<{ items: T[]; count: number }> {
  const kept: T[] = [];
  const keys = openSeenKeys();
  let taken = 0;
  const take = (item: I) => {
    taken += 1;
    if (taken % 100 === 0) checkTime();
    if (!keys.add(item.key)) return;
    if (kept.length < MAX_ITEMS) kept.push(keep(item));
  };
  if (Array.isArray(items)) for (const item of drain(items)) take(item);
  else if (Symbol.iterator in items) for (const item of items) take(item);
  else for await (const item of items) take(item);
  kept.sort((left, right) => (left.key < right.key ? -1 : 1));
  return { items: kept, count: keys.count() };
}
