// Reads a text file that the operator names.
import { readFileSync } from "node:fs";
import { decodeText } from "@attacklens/protocol/decode-text.ts";
import { explainFile } from "./explain-system.ts";

/** Throws Error with a message for the operator if the file cannot be read. */
export function readOperatorFile(path: string): string {
  try {
    return decodeText(readFileSync(path));
  } catch (error) {
    const named = Object.assign(error as Error, { path });
    throw new Error(explainFile(named) ?? `Can't use ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Files that were joined can have several byte order marks. */
export function readPemFile(path: string): string {
  return readOperatorFile(path).replaceAll("\ufeff", "");
}
