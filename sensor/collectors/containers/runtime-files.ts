// Reads the state files of container runtimes. They also have environments, arguments and labels, so that
// only named fields are taken.
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const MAX_JSON_BYTES = 8 * 1024 * 1024;

/** Undefined if there is no such file. What is not JSON is a gap. */
export function findJson(files: HostFiles, path: string): unknown {
  const text = files.findText(path, MAX_JSON_BYTES);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    files.noteGap({ kind: "damaged", subject: path, reason: "it is not JSON" });
    return undefined;
  }
}

/** The value below the names, if each is a field of an object. */
export function fieldOf(value: unknown, ...names: string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** A text below the names that is not empty. */
export function textOf(value: unknown, maxLength: number, ...names: string[]): string | undefined {
  const found = fieldOf(value, ...names);
  return typeof found === "string" && found !== "" ? factText(found, maxLength) : undefined;
}

export function textsOf(value: unknown, maxLength: number): string[] {
  return Array.isArray(value)
    ? value.flatMap((each) => (typeof each === "string" && each !== "" ? factText(each, maxLength) : []))
    : [];
}

/** To the second. Runtimes write nanoseconds, and years before the first container for "not known". */
export function timeOf(value: unknown): string | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (!(ms >= Date.UTC(2000, 0, 1) && ms < Date.UTC(10_000, 0, 1))) return undefined;
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
