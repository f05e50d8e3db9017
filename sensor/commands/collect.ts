// attacklens-sensor collect: prints the inventory and sends nothing. On a terminal, it prints a summary.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { EXIT_CODES } from "@attacklens/protocol/sensor-exits.ts";
import { collectInProcesses } from "../inventory/collect-in-processes.ts";
import { type CutResult, hasFailed, type Inventory } from "../inventory/cut-category.ts";
import { readOwnerSettings, uncollectedByOwner } from "../inventory/owner-settings.ts";
import { inventoryJson } from "../inventory/print-inventory.ts";
import { letGoOfProgram } from "../inventory/program-pages.ts";
import { SensorError } from "../sensor-error.ts";
import { ownProgram } from "../settings.ts";
import { summarize } from "./collect-summary.ts";
import { parseFlags } from "./flags.ts";
import { ownerSettingsPath, ROOT_FLAG, readImageRoot } from "./root-flag.ts";
import { isTerminal, note, printWhole, stopSignal } from "./terminal.ts";

/** Comes last, so that what it leaves behind costs the others no memory. */
const LARGEST: Category = "packages";

/** Returns the exit code: 16 if a category failed. */
export async function collectCommand(args: string[]): Promise<number> {
  const flags = parseFlags(args, {
    ...ROOT_FLAG,
    category: { type: "string", multiple: true },
    json: { type: "boolean" },
    all: { type: "boolean" },
  });
  const root = readImageRoot(flags.root);
  const categories = readCategories(flags.category);
  const signal = stopSignal();
  try {
    const byOwner = flags.all ? {} : ownerResults(root);
    const due = categories
      .filter((category) => byOwner[category] === undefined)
      .sort((left, right) => Number(left === LARGEST) - Number(right === LARGEST));
    const [collected] = await Promise.all([
      collectInProcesses(due, { program: ownProgram(), root, signal }),
      // While it waits, this process needs little of the program.
      letGoOfProgram(),
    ]);
    const inventory: Inventory = { ...byOwner, ...collected };
    const results = categories.map((category): [Category, CutResult] => [category, inventory[category]!]);
    await printWhole(flags.json || !isTerminal() ? inventoryJson(results) : [summarize(results, root)]);
    return results.some(([, result]) => hasFailed(result)) ? EXIT_CODES.incomplete : EXIT_CODES.done;
  } catch (error) {
    if (signal.aborted) throw new SensorError("failed", "Cannot collect: the command was stopped");
    const isFull = errnoCode(error) === "ENOSPC";
    const reason = isFull ? "no space left on the device" : (error as Error).message;
    throw new SensorError("failed", `Cannot print the inventory: ${reason}`);
  }
}

/** Several flags, or one with commas. Throws SensorError for one that does not exist. */
function readCategories(given: string[] | undefined): Category[] {
  if (given === undefined) return [...CATEGORIES];
  const names = given.flatMap((list) => list.split(",")).map((name) => name.trim());
  const unknown = names.find((name) => !CATEGORIES.some((category) => category === name));
  if (unknown !== undefined)
    throw new SensorError(
      "usage",
      `Cannot use --category ${JSON.stringify(unknown)}: there is no such category`,
      `use ${CATEGORIES.join(", ")}`,
    );
  return CATEGORIES.filter((category) => names.includes(category));
}

function ownerResults(root: string): Inventory {
  const settings = readOwnerSettings(root, ownerSettingsPath(root));
  const { path, switchedOff, problem } = settings;
  const hint = "to collect everything, use --all";
  if (problem !== undefined) note(`${problem}; ${hint}`);
  else if (switchedOff.length > 0) note(`${path} switches off ${switchedOff.join(", ")}; ${hint}`);
  return uncollectedByOwner(settings);
}
