// The gaps of one category. A host may have thousands, e.g. one for each process of another user. They are
// counted by file name, then by folder, until they fit into the report.
import { posix } from "node:path";
import { type Gap, MAX_GAP_REASON, MAX_GAP_SUBJECT, MAX_GAPS } from "@attacklens/protocol/inventory/gaps.ts";
import { factText } from "./collector.ts";

/** Distinct gaps that are remembered. More are only counted. */
const MAX_REMEMBERED = 1_000;

export interface Gaps {
  note(gap: Gap): void;
  /** At most MAX_GAPS, sorted. Equal for two collections of one host in one state. */
  list(): Gap[];
}

export function openGaps(): Gaps {
  const remembered = new Map<string, Required<Gap>>();
  let others = 0;
  return {
    note({ kind, subject, reason, count = 1 }) {
      const gap = {
        kind,
        subject: factText(withoutNumbers(subject), MAX_GAP_SUBJECT),
        reason: factText(reason, MAX_GAP_REASON),
        count,
      };
      const isKnown = remembered.has(keyOf(gap));
      if (isKnown || remembered.size < MAX_REMEMBERED) add(remembered, gap);
      else others += count;
    },
    list() {
      const groups = remembered.size > MAX_GAPS ? byFolder([...remembered.values()]) : remembered;
      const sorted = [...groups.values()].sort(inOrder);
      const isWhole = sorted.length <= MAX_GAPS && others === 0;
      const listed = isWhole ? sorted : sorted.slice(0, MAX_GAPS - 1);
      const rest = sorted.slice(listed.length).reduce((sum, { count }) => sum + count, others);
      if (rest > 0)
        listed.push({ kind: "limit", subject: "other gaps", reason: "too many to list", count: rest });
      return listed.map(({ count, ...gap }) => (count > 1 ? { ...gap, count: roundDown(count) } : gap));
    },
  };
}

/** `/proc/812/exe` and `/proc/813/exe` have one reason: the process of another user. */
function withoutNumbers(subject: string): string {
  return subject.startsWith("/proc/") ? subject.replace(/(?<=\/)\d+(?=\/|$)/g, "*") : subject;
}

function byFolder(gaps: readonly Required<Gap>[]): Map<string, Required<Gap>> {
  const folderOf = ({ subject }: Gap) => posix.dirname(subject);
  const sizes = new Map<string, number>();
  const keyOfFolder = (gap: Gap) => keyOf({ ...gap, subject: folderOf(gap) });
  for (const gap of gaps) sizes.set(keyOfFolder(gap), (sizes.get(keyOfFolder(gap)) ?? 0) + 1);
  const groups = new Map<string, Required<Gap>>();
  for (const gap of gaps) {
    const isAlone = !gap.subject.startsWith("/") || sizes.get(keyOfFolder(gap)) === 1;
    add(groups, isAlone ? gap : { ...gap, subject: posix.join(folderOf(gap), "*") });
  }
  return groups;
}

function add(groups: Map<string, Required<Gap>>, gap: Required<Gap>): void {
  const group = groups.get(keyOf(gap));
  if (group) group.count += gap.count;
  else groups.set(keyOf(gap), { ...gap });
}

function keyOf({ kind, subject, reason }: Gap): string {
  return JSON.stringify([kind, subject, reason]);
}

function inOrder(left: Gap, right: Gap): number {
  return keyOf(left) < keyOf(right) ? -1 : 1;
}

/** To 1, 2 or 5 times a power of ten, from 10 on. */
function roundDown(count: number): number {
  if (count < 10) return count;
  const power = 10 ** Math.floor(Math.log10(count));
  return [5, 2, 1].map((factor) => factor * power).find((step) => step <= count) ?? count;
}
