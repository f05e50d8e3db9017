// A result that counts again until its category changes. Loads no collector: a sensor at rest uses it, too.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { isUnchanged } from "../collectors/seen-files.ts";
import type { CutResult } from "./cut-category.ts";

export interface KeptResult {
  category: Category;
  result: CutResult;
  /** Of the kernel, before the category was collected. */
  state: string;
  /** Then it is collected again, because there are changes that nothing shows. */
  untilMs: number;
}

/** `state`: of the kernel now. */
export function isStillValid(kept: KeptResult, state: string | undefined, nowMs: number): boolean {
  if (kept.state !== state || kept.untilMs <= nowMs) return false;
  // Nothing is read for a category that this platform does not have.
  const seen = "seen" in kept.result ? kept.result.seen : undefined;
  return seen === undefined || isUnchanged(seen);
}

/** The result without the contents of its chunks, which the server has. */
export function withoutContents(kept: KeptResult): KeptResult {
  const { result } = kept;
  if (result.status !== "collected") return kept;
  const chunks = result.chunks.map((chunk) => ({ ...chunk, content: "" }));
  return { ...kept, result: { ...result, chunks } };
}

export function hasContents({ result }: KeptResult): boolean {
  return result.status !== "collected" || result.chunks.every(({ content }) => content !== "");
}
