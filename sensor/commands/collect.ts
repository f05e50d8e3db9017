// attacklens-sensor collect: prints what would be reported, and sends nothing.
import { collectInventory } from "../collect.ts";
import { parseFlags, print } from "./terminal.ts";

export async function collectCommand(args: string[]): Promise<void> {
  parseFlags(args, {});
  print(JSON.stringify(await collectInventory(), null, 2));
}
