// Why a clone of an image has not enrolled yet, for `status`. The sensor writes it after every attempt.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EXIT_CODES, type ExitName } from "@attacklens/protocol/sensor-exits.ts";
import { instant } from "@attacklens/protocol/text.ts";
import { z } from "zod";
import { writeFileAtomically } from "./atomic-file.ts";
import { stampSchema } from "./stamp-schema.ts";
import { STAMP } from "./state-version.ts";

const firstBoot = z.strictObject({
  /** End of the attempt. */
  at: instant,
  /** The exit code of `enroll` for the same problem. */
  exit: z.enum(Object.keys(EXIT_CODES) as [ExitName, ...ExitName[]]),
  problem: z.string().max(2_000),
  /** What to do. Absent: wait. */
  hint: z.string().max(2_000).optional(),
});
const stampedFirstBoot = firstBoot.extend(z.object(stampSchema).partial().shape);
export type FirstBoot = z.infer<typeof firstBoot>;

const pathIn = (stateDir: string) => join(stateDir, "first-boot.json");

/** Throws the system's error. */
export function writeFirstBoot(stateDir: string, value: FirstBoot): void {
  writeFileAtomically(pathIn(stateDir), `${JSON.stringify({ ...STAMP, ...value }, null, 2)}\n`);
}

/** Throws the system's error. */
export function removeFirstBoot(stateDir: string): void {
  // On a read-only disk, removing a file that is not there fails, too.
  if (existsSync(pathIn(stateDir))) rmSync(pathIn(stateDir), { force: true });
}

/** Undefined before the first attempt, or if the file cannot be read. */
export function readFirstBoot(stateDir: string): FirstBoot | undefined {
  try {
    const { at, exit, problem, hint } = stampedFirstBoot.parse(
      JSON.parse(readFileSync(pathIn(stateDir), "utf8")),
    );
    return { at, exit, problem, ...(hint === undefined ? {} : { hint }) };
  } catch {
    return undefined;
  }
}
