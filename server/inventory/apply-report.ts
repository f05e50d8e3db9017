// What a report changes: the next state of a category, and the row that its former content leaves in the
// history.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { InventoryHistoryTable, SensorInventoryTable } from "../db/schema-inventory.ts";
import type { CategoryState } from "./inventory-store.ts";

/** A category in a report. */
export interface Reported {
  category: Category;
  status: SensorInventoryTable["status"];
  reason: string | null;
  durationMs: number | null;
  /** The content of a collected category. */
  content?: { manifestId: number; root: string };
}

/**
 * When a report arrived, and when it was collected, which is never later, even with a wrong clock of the
 * sensor.
 */
export interface ReportTimes {
  now: number;
  collectedAt: number;
}

export interface Change {
  state: CategoryState;
  former: InventoryHistoryTable | undefined;
}

/** Returns undefined if only the duration differs, so that a report that is sent twice counts once. */
export function applyReport(
  before: CategoryState | undefined,
  sensorId: string,
  { now, collectedAt }: ReportTimes,
  { category, status, reason, durationMs, content }: Reported,
): Change | undefined {
  const isSame =
    before?.status === status && before.reason === reason && (!content || before.root === content.root);
  if (isSame) return undefined;
  const { manifestId = null, root = null, reportedAt = null, changedAt = null } = before ?? {};
  const state = { sensorId, category, status, reason, durationMs, manifestId, root, reportedAt, changedAt };
  if (!content) return { state, former: undefined };
  const former =
    manifestId === null || reportedAt === null || changedAt === null
      ? undefined
      : { sensorId, category, manifestId, reportedAt, collectedAt: changedAt };
  return {
    state: {
      ...{ ...state, ...content },
      // Reports from a spool can arrive within one millisecond, and each of them counts.
      reportedAt: Math.max(now, (reportedAt ?? 0) + 1),
      changedAt: Math.max(collectedAt, changedAt ?? 0),
    },
    former,
  };
}

/** Returns true if every category has a state. */
export function isComplete(states: Iterable<{ category: string }>): boolean {
  const reported = new Set(Array.from(states, ({ category }) => category));
  return CATEGORIES.every((category) => reported.has(category));
}
