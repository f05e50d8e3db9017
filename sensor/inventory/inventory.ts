// The inventory of a running sensor. A slow category does not delay a check-in: the check-in reports what is
// collected by then, and the rest follows. A category that was ended is collected again only after a while,
// and one that has not changed is not read again, so that most check-ins start no process.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { type SeenFiles, seeFiles } from "../collectors/seen-files.ts";
import { type CollectionOptions, collectInProcesses } from "./collect-in-processes.ts";
import type { CutResult, Inventory } from "./cut-category.ts";
import { hasContents, isStillValid, type KeptResult, withoutContents } from "./kept-result.ts";
import { kernelStateOf, VOLATILE } from "./kernel-state.ts";
import { type OwnerSettings, uncollectedByOwner } from "./owner-settings.ts";

/** How long a check-in waits for slow categories. The first one has time for all that are not hanging. */
const PATIENCE_MS = { first: 5_000, later: 2_000 };
/** A category that took longer without a result is not collected again at once. */
const COSTLY_MS = 2_000;
/** The pause doubles with each attempt. */
const PAUSE_MS = { first: 60_000, longest: 15 * 60_000 };
/**
 * What nothing shows at little cost: of a volatile category, e.g. that another process has joined a socket;
 * of the others, settings of the kernel, packages of programs that run, and files on other hosts. On Windows,
 * the registry.
 */
const REUSE_MS = {
  volatile: 15 * 60_000,
  others: process.platform === "win32" ? 15 * 60_000 : 60 * 60_000,
};

export interface HostInventory {
  /** What is collected after a while. Throws the reason of the signal. */
  collect(): Promise<Inventory>;
  /** All categories. Throws the reason of the signal. */
  collectAll(): Promise<Inventory>;
  /** Resolves when the next `collect` has more than the last one; undefined: that one was complete. */
  more(): Promise<unknown> | undefined;
  /** Undefined: a category has no result that counts again. */
  keep(): KeptInventory | undefined;
  /** Lets go of results without contents, so that `collect` collects them again. */
  forget(): void;
}

/** What another start of this process can continue with. */
export interface KeptInventory {
  /** Without the contents of their chunks. */
  results: KeptResult[];
  /** The settings of the owner. */
  settings: SeenFiles;
}

interface Round {
  found: Inventory;
  end: Promise<unknown>;
  isOver: boolean;
}

interface Costly {
  result: CutResult;
  attempts: number;
  retryAtMs: number;
}

export interface InventoryOptions extends CollectionOptions {
  /** Read for each collection, so that a change counts without a restart. */
  readSettings?: () => OwnerSettings;
  /** Results of an earlier start of this process. */
  kept?: readonly KeptResult[];
  now?: () => number;
  patienceMs?: typeof PATIENCE_MS;
}

export function openInventory({
  readSettings,
  kept = [],
  now = Date.now,
  patienceMs = PATIENCE_MS,
  ...options
}: InventoryOptions): HostInventory {
  const costly = new Map<Category, Costly>();
  const reusable = new Map(kept.map((each) => [each.category, each]));
  let settings: OwnerSettings | undefined;
  let round: Round | undefined;
  let rounds = 0;

  function findUnchanged(category: Category, state: string | undefined): CutResult | undefined {
    const known = reusable.get(category);
    return known && isStillValid(known, state, now()) ? known.result : undefined;
  }

  function begin({ isComplete = false } = {}): Round {
    settings = readSettings?.();
    const found: Inventory = settings ? uncollectedByOwner(settings) : {};
    const due: Category[] = [];
    const states = new Map<Category, string | undefined>();
    for (const category of CATEGORIES) {
      if (found[category] !== undefined) continue;
      const known = costly.get(category);
      if (known && known.retryAtMs > now()) {
        found[category] = known.result;
        continue;
      }
      const state = kernelStateOf(category, options.root);
      const unchanged = isComplete ? undefined : findUnchanged(category, state);
      if (unchanged) found[category] = unchanged;
      else {
        due.push(category);
        states.set(category, state);
      }
    }
    // Those that may hang again come last.
    due.sort((left, right) => Number(costly.has(left)) - Number(costly.has(right)));
    const onResult = (category: Category, result: CutResult) => {
      found[category] = result;
      note(category, result, states.get(category));
    };
    const begun: Round = { found, isOver: false, end: Promise.resolve() };
    begun.end = collectInProcesses(due, {
      ...options,
      onResult,
    }).finally(() => {
      begun.isOver = true;
    });
    // `collect` throws it.
    begun.end.catch(() => {});
    rounds += 1;
    return begun;
  }

  function note(category: Category, result: CutResult, state: string | undefined): void {
    reusable.delete(category);
    const canReuse = result.status === "unsupported" || ("seen" in result && result.seen !== undefined);
    if (canReuse && state !== undefined && !(category === "services" && isStarting(result))) {
      const reuseMs = VOLATILE.includes(category) ? REUSE_MS.volatile : REUSE_MS.others;
      reusable.set(category, { category, result, state, untilMs: now() + reuseMs });
    }
    const isCostly = "reason" in result && (result.durationMs ?? 0) >= COSTLY_MS;
    if (!isCostly) {
      costly.delete(category);
      return;
    }
    const attempts = (costly.get(category)?.attempts ?? 0) + 1;
    const pauseMs = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** (attempts - 1));
    costly.set(category, { result, attempts, retryAtMs: now() + pauseMs });
  }

  return {
    async collect() {
      round ??= begin();
      const { found, end } = round;
      const waitMs = rounds === 1 ? patienceMs.first : patienceMs.later;
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, waitMs);
      await Promise.race([end, timeout.promise]).finally(() => clearTimeout(timer));
      if (round.isOver) round = undefined;
      return { ...found };
    },
    async collectAll() {
      const { found, end } = begin({ isComplete: true });
      await end;
      return found;
    },
    more: () => round?.end,
    keep() {
      if (round !== undefined || costly.size > 0 || settings === undefined) return undefined;
      const seen = seeFiles([settings.path]);
      if (JSON.stringify(readSettings?.()) !== JSON.stringify(settings)) return undefined;
      const collected = CATEGORIES.filter((category) => !settings?.switchedOff.includes(category));
      const results = collected.flatMap((category) => reusable.get(category) ?? []);
      if (results.length < collected.length) return undefined;
      return { results: results.map(withoutContents), settings: seen };
    },
    forget() {
      for (const each of reusable.values()) if (!hasContents(each)) reusable.delete(each.category);
    },
  };
}

/** The end of a start has no trace in the files of systemd. */
function isStarting(result: CutResult): boolean {
  return "chunks" in result && result.chunks.some(({ content }) => content.includes('"state":"starting"'));
}
