// attacklens-sensor collect: prints the inventory and sends nothing.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { collectInventory } from "../collectors/collect.ts";
import { SensorError } from "../sensor-error.ts";
import { parseFlags } from "./flags.ts";
import { ROOT_FLAG, readRoot } from "./root-flag.ts";
import { printWhole } from "./terminal.ts";

export async function collectCommand(args: string[]): Promise<void> {
  const root = readRoot(parseFlags(args, ROOT_FLAG).root);
  try {
    await printWhole(JSON.stringify(await collectInventory(root), null, 2));
  } catch (error) {
    const isFull = errnoCode(error) === "ENOSPC";
    const reason = isFull ? "no space left on the device" : (error as Error).message;
    throw new SensorError("failed", `Cannot print the inventory: ${reason}`);
  }
}
