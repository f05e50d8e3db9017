// attacklens-sensor collect: prints the inventory and sends nothing.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { collectInProcesses } from "../inventory/collect-in-processes.ts";
import { itemsOf } from "../inventory/items-of.ts";
import { SensorError } from "../sensor-error.ts";
import { ownProgram } from "../settings.ts";
import { parseFlags } from "./flags.ts";
import { ROOT_FLAG, readRoot } from "./root-flag.ts";
import { printWhole, stopSignal } from "./terminal.ts";

export async function collectCommand(args: string[]): Promise<void> {
  const root = readRoot(parseFlags(args, ROOT_FLAG).root);
  const signal = stopSignal();
  try {
    const inventory = await collectInProcesses(CATEGORIES, { program: ownProgram(), root, signal });
    const shown = CATEGORIES.map((category) => [category, itemsOf(inventory[category])]);
    await printWhole(JSON.stringify(Object.fromEntries(shown), null, 2));
  } catch (error) {
    if (signal.aborted) return;
    const isFull = errnoCode(error) === "ENOSPC";
    const reason = isFull ? "no space left on the device" : (error as Error).message;
    throw new SensorError("failed", `Cannot print the inventory: ${reason}`);
  }
}
