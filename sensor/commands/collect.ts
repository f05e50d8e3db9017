// attacklens-sensor collect: prints what would be reported, and sends nothing.
import { collectInventory } from "../collectors/collect.ts";
import { SensorError } from "../sensor-error.ts";
import { parseFlags, printWhole } from "./terminal.ts";

export async function collectCommand(args: string[]): Promise<void> {
  parseFlags(args, {});
  try {
    await printWhole(JSON.stringify(await collectInventory(), null, 2));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOSPC" ? "no space left on the device" : message;
    throw new SensorError("failed", `Cannot print the inventory: ${reason}`);
  }
}
