import type { HostFiles } from "./host-files.ts";

/** The first elements of a list. That there are more is a gap. */
export function firstOf<T>(files: HostFiles, subject: string, all: readonly T[], max: number): readonly T[] {
  if (all.length <= max) return all;
  files.noteGap({ kind: "limit", subject, reason: `${all.length}, and only ${max} of them are reported` });
  return all.slice(0, max);
}
