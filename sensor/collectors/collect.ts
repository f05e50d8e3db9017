// Collects the inventory. Each category is separate, so that a failed one does not affect the others.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES, type Category, MAX_ITEMS } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { type Collector, factText, giveWay, NotOnThisHost } from "./collector.ts";
import { openHostFiles } from "./host-files.ts";
import { collectPackages } from "./packages/packages.ts";
import { collectPorts } from "./ports/ports.ts";
import { collectSecurity } from "./security/security.ts";
import { collectServices } from "./services/services.ts";
import { hostFactsOf } from "./system/host-facts.ts";
import { collectPortableSystem } from "./system/portable-system.ts";
import { collectSystem } from "./system/system.ts";
import { collectUsers } from "./users/users.ts";

export type CategoryResult<C extends Category> =
  | { status: "collected"; items: Item<C>[] }
  | { status: "failed"; reason: string }
  | { status: "unsupported" };
export type Collected = { [C in Category]: CategoryResult<C> };

type Collectors = { [C in Category]?: Collector<C> };
const MAX_REASON = 500;

const LINUX: Collectors = {
  packages: collectPackages,
  services: collectServices,
  ports: collectPorts,
  users: collectUsers,
  security: collectSecurity,
  system: collectSystem,
};
const OTHER_PLATFORMS: Collectors = { system: collectPortableSystem };

/**
 * Collects all categories, with items sorted by key. `root` is the folder with the host's files: "/" for this
 * host, another folder for captured or mounted files of a Linux host.
 */
export async function collectInventory(root = "/"): Promise<Collected> {
  const collected: Partial<Record<Category, CategoryResult<Category>>> = {};
  for (const category of CATEGORIES) {
    collected[category] = await collectCategory(collectorsFor(root)[category], root);
    await giveWay();
  }
  return collected as Collected;
}

/** The facts about the host for enrollment. */
export async function collectHostFacts(root = "/"): Promise<HostFacts> {
  const items = (await collectorsFor(root).system?.(openHostFiles(root))) ?? [];
  return hostFactsOf(items, openHostFiles(root));
}

function collectorsFor(root: string): Collectors {
  return root !== "/" || process.platform === "linux" ? LINUX : OTHER_PLATFORMS;
}

async function collectCategory<C extends Category>(
  collector: Collector<C> | undefined,
  root: string,
): Promise<CategoryResult<C>> {
  if (collector === undefined) return { status: "unsupported" };
  try {
    const items = uniqueByKey(await collector(openHostFiles(root)));
    if (items.length > MAX_ITEMS)
      throw new Error(`the host has ${items.length} items, more than ${MAX_ITEMS}`);
    return { status: "collected", items };
  } catch (error) {
    if (error instanceof NotOnThisHost) return { status: "unsupported" };
    const reason = error instanceof Error ? error.message : String(error);
    return { status: "failed", reason: factText(reason, MAX_REASON) };
  }
}

/** Returns the first item of each key, sorted by key in UTF-16 units, as in the chunks. */
function uniqueByKey<C extends Category>(items: readonly Item<C>[]): Item<C>[] {
  const byKey = new Map<string, Item<C>>();
  for (const item of items) if (!byKey.has(item.key)) byKey.set(item.key, item);
  return [...byKey.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
}
