import type { HostFiles } from "./host-files.ts";

/** The first elements of a list. That there are more is a gap. `done`: with those that are returned. */
export function firstOf<T>(
  { noteGap }: Pick<HostFiles, "noteGap">,
  subject: string,
  all: readonly T[],
  max: number,
  done: "reported" | "read" = "reported",
): readonly T[] {
  if (all.length <= max) return all;
  noteGap({ kind: "limit", subject, reason: `${all.length}, and only ${max} of them are ${done}` });
  return all.slice(0, max);
}
