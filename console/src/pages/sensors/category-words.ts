// The result of collecting a category, in words.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { isCollectedOn } from "@attacklens/protocol/inventory/collected-on.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { PLATFORM_NAMES } from "../../components/platform-names.ts";
import { countOf, formatCount } from "../../ui/numbers.ts";
import type { StatusColor } from "../../ui/Status.tsx";
import type { CategoryState } from "./SensorTabs.tsx";
import { CATEGORY_NOUNS } from "./sensor-words.ts";

export const RESULT_LOOKS: Record<CategoryState["status"], { label: string; color: StatusColor }> = {
  waiting: { label: "Waiting", color: "yellow" },
  collected: { label: "Collected", color: "green" },
  failed: { label: "Failed", color: "red" },
  "too-slow": { label: "Too slow", color: "red" },
  "not-permitted": { label: "Not permitted", color: "red" },
  absent: { label: "Nothing there", color: "gray" },
  unsupported: { label: "Not collected on this platform", color: "gray" },
  "switched-off": { label: "Switched off by the host's owner", color: "gray" },
};

/** Whether the sensor tried to collect the category and has no items of it. */
export function hasFailed(state: Pick<CategoryState, "status"> | undefined): boolean {
  return RESULT_LOOKS[state?.status ?? "waiting"].color === "red";
}

/** Whether the host has none of the category, or the sensor does not collect it. */
export function isMissing(state: Pick<CategoryState, "status"> | undefined): boolean {
  return RESULT_LOOKS[state?.status ?? "waiting"].color === "gray";
}

/** Why the category was not collected, as a sentence; undefined: it was. */
export function failureOf(state: CategoryState): string | undefined {
  const noun = CATEGORY_NOUNS[state.category];
  const reason = state.reason ?? "the sensor gave no reason";
  if (state.status === "too-slow") return `The last collection was too slow: ${reason}.`;
  if (state.status === "not-permitted") return `The sensor is not permitted to read the ${noun}: ${reason}.`;
  return state.status === "failed" ? `The last collection failed: ${reason}.` : undefined;
}

/** Title and text of a page without items; undefined: it has items. */
export function emptyPageOf(
  category: Category,
  state: CategoryState | undefined,
  platform: Sensor["platform"],
) {
  const noun = CATEGORY_NOUNS[category];
  if (!state?.changedAt && !isCollectedOn(category, platform)) return notCollected(noun, platform);
  const title = `No ${noun} reported yet`;
  switch (state?.status) {
    case "absent":
      return { title: `No ${noun} on this host`, text: `The sensor looked for them: ${state.reason}.` };
    case "switched-off":
      return {
        title: "Switched off by the host's owner",
        text: `The file attacklens-sensor.toml on this host switches off the collection of ${noun}. The console shows nothing that was collected before.`,
      };
    case "unsupported":
      return state.changedAt ? undefined : notCollected(noun, platform);
    default:
      if (state?.changedAt || hasFailed(state)) return undefined;
      return { title, text: "The sensor sends its first report within about a minute after it enrolls." };
  }
}

function notCollected(noun: string, platform: Sensor["platform"]) {
  const name = PLATFORM_NAMES[platform];
  return {
    title: `Not collected on ${name}`,
    text: `Sensors on ${name} do not report ${noun}. No setting changes this.`,
  };
}

/** `50 000 of 70 000`; only the number if all are reported. */
export function itemCountOf({ items, totalItems }: Pick<CategoryState, "items" | "totalItems">): string {
  return totalItems === undefined
    ? formatCount(items)
    : `${formatCount(items)} of ${formatCount(totalItems)}`;
}

/** `3 gaps`: how much the items lack. */
export function gapCountOf(gaps: readonly Gap[]): string {
  const count = gaps.reduce((sum, gap) => sum + (gap.count ?? 1), 0);
  const isAtLeast = gaps.some((gap) => (gap.count ?? 0) >= 10);
  return `${isAtLeast ? "At least " : ""}${countOf(count, "gap")}`;
}

/** `/etc/shadow: permission denied`, with the number if there are several. */
export function describeGap({ kind, subject, reason, count }: Gap): string {
  const text = kind === "not-understood" ? `${subject}: not understood: ${reason}` : `${subject}: ${reason}`;
  if (count === undefined) return text;
  return `${text} (${count >= 10 ? "at least " : ""}${countOf(count, "time")})`;
}

/** `0.3 s`. */
export function durationOf({ durationMs }: Pick<CategoryState, "durationMs">): string {
  if (durationMs === undefined) return "–";
  return durationMs < 100 ? "< 0.1 s" : `${(durationMs / 1000).toFixed(1)} s`;
}
