// The summary of an inventory, for a terminal.

import { countOf as countTimes } from "@attacklens/protocol/count-of.ts";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { STATUS_WORDS } from "@attacklens/protocol/inventory/results.ts";
import type { CutResult } from "../inventory/cut-category.ts";

const COLUMNS = ["CATEGORY", "ITEMS", "TIME", "RESULT"] as const;
const GAPS_SHOWN = 5;

/** One line for each category, and below it what it lacks. */
export function summarize(results: [Category, CutResult][], root: string): string {
  const rows = results.map(([category, result]) => ({
    cells: [category, countOf(result), timeOf(result), resultOf(result)],
    gaps: result.status === "collected" ? (result.gaps ?? []) : [],
  }));
  const widths = COLUMNS.map((title, column) =>
    Math.max(title.length, ...rows.map(({ cells }) => cells[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 1 || column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd();
  return [
    `The inventory of ${root === "/" ? "this host" : root}. Nothing was sent.`,
    "",
    line(COLUMNS),
    ...rows.flatMap(({ cells, gaps }) => [line(cells), ...gapLines(gaps)]),
    "",
    "To see every fact, use --json.",
  ].join("\n");
}

function countOf(result: CutResult): string {
  if (result.status !== "collected") return "-";
  return String(result.totalItems ?? result.chunks.reduce((sum, { itemCount }) => sum + itemCount, 0));
}

function timeOf(result: CutResult): string {
  const durationMs = "durationMs" in result ? result.durationMs : undefined;
  return durationMs === undefined ? "-" : `${(durationMs / 1000).toFixed(1)} s`;
}

function resultOf(result: CutResult): string {
  const words = STATUS_WORDS[result.status];
  if ("reason" in result) return `${words}: ${result.reason}`;
  if (result.status !== "collected" || result.totalItems === undefined) return words;
  const reported = result.chunks.reduce((sum, { itemCount }) => sum + itemCount, 0);
  return `${words}, of which the first ${reported} are reported`;
}

function gapLines(gaps: readonly Gap[]): string[] {
  const shown = gaps
    .slice(0, GAPS_SHOWN)
    .map(
      ({ subject, reason, count }) =>
        `  ${subject}: ${reason}${count ? ` (${countTimes(count, "time")} or more)` : ""}`,
    );
  const rest = gaps.length - shown.length;
  return rest > 0 ? [...shown, `  and ${rest} more`] : shown;
}
