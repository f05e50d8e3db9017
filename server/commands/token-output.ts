// Writes the value of a new token as text, as JSON, on a line without anything else, or to a new file.

import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { CommandError } from "./command-error.ts";
import { tokenFacts } from "./token-text.ts";

export const OUTPUT_FLAGS = { "value-only": { type: "boolean" }, "value-file": { type: "string" } } as const;

interface Output {
  json?: boolean | undefined;
  "value-only"?: boolean | undefined;
  "value-file"?: string | undefined;
}

/** Creates the token and writes its value. A file is created before the token, so that no value is lost. */
export async function deliver(
  { json, "value-only": valueOnly, "value-file": path }: Output,
  create: () => Promise<{ enrollmentToken: EnrollmentToken; value: string }>,
): Promise<void> {
  if ([json, valueOnly, path !== undefined].filter(Boolean).length > 1)
    throw new CommandError("usage", "--json, --value-only and --value-file: use only one of them");
  if (path !== undefined) {
    const file = openNewFile(path);
    try {
      const { enrollmentToken, value } = await create();
      writeSync(file, `${value}\n`);
      console.log(tokenFacts(enrollmentToken));
      console.error(`attacklens: the value is in ${path}, which only its owner can read.`);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
    return;
  }
  const { enrollmentToken, value } = await create();
  if (valueOnly) console.log(value);
  else if (json) console.log(JSON.stringify({ enrollmentToken, value }, null, 2));
  else {
    console.log(`${tokenFacts(enrollmentToken)}\nValue:         ${value}`);
    console.error("attacklens: the value is shown only once. Store it now.");
  }
}

function openNewFile(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    const why =
      errnoCode(error) === "EEXIST"
        ? "the file already exists, and is not overwritten"
        : (error as Error).message;
    throw new CommandError("usage", `Cannot write ${path}: ${why}`);
  }
}
