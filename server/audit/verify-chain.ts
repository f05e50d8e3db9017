// Verifies the chain of audit events, and names each event that breaks it. Reads a few events at a time, in
// the order of their numbers, and judges each one with its neighbors.
import type { AuditEventTable, Database } from "../db/schema.ts";
import { findEnds, listChain } from "./audit-store.ts";
import { eventHash } from "./event-hash.ts";

/** A place in the chain: the number of an event and its hash. `""` is the place before the first. */
export interface ChainPlace {
  sequence: number;
  hash: string;
}

/** An event as a finding names it. */
type NamedEvent = Pick<AuditEventTable, "id" | "at" | "action" | "actorName" | "entityName">;

export type ChainFinding =
  /** Its content does not have its hash, or its hash is not the one that its successor follows. */
  | { kind: "changed"; sequence: number; event: NamedEvent }
  /** The events from `sequence` to `last` are missing. They were recorded between the two times. */
  | { kind: "removed"; sequence: number; last: number; after: number | null; before: number | null }
  /** The chain continues without it. */
  | { kind: "inserted"; sequence: number; event: NamedEvent }
  | { kind: "swapped"; sequence: number; event: NamedEvent; other: number; otherEvent: NamedEvent }
  /** The stored end of the chain is not the last event. */
  | { kind: "end-changed"; sequence: number }
  /** The event has another hash than an operator noted, or is missing. */
  | { kind: "rewritten"; sequence: number };

export interface ChainReport {
  /** In the order of the chain. The first ones. */
  findings: ChainFinding[];
  /** There are more findings. */
  isCut: boolean;
  events: number;
  /** The end of the chain, which an operator can note elsewhere. */
  head: ChainPlace;
}

const READ_AT_ONCE = 500;
const MAX_FINDINGS = 100;
/** The numbers by which the events after an inserted or a removed one may have been shifted. */
const MAX_SHIFT = 32;

/** `noted`: ends of the chain at earlier times, which must still be in it. */
export async function verifyChain(db: Database, noted: readonly ChainPlace[] = []): Promise<ChainReport> {
  const ends = await findEnds(db);
  const head = { sequence: ends.sequence ?? 0, hash: ends.hash ?? "" };
  const chain = openJudge(head, noted);
  let current: AuditEventTable | undefined;
  let read = Number.MIN_SAFE_INTEGER;
  const last = ends.lastSequence ?? read;
  for (;;) {
    const rows = await listChain(db, read, last, READ_AT_ONCE);
    for (const row of rows) {
      if (current) chain.judge(current, row);
      current = row;
    }
    if (rows.length < READ_AT_ONCE) break;
    read = rows.at(-1)!.sequence;
  }
  if (current) chain.judge(current, undefined);
  return chain.end();
}

function openJudge(head: ChainPlace, noted: readonly ChainPlace[]) {
  const findings: ChainFinding[] = [];
  let isCut = false;
  let events = 0;
  /** The event that the next one must follow. */
  let link: ChainPlace & { at: number | null } = { sequence: 0, hash: "", at: null };
  let previous: AuditEventTable | undefined;
  /** How far the numbers of the events were shifted. */
  let shift = 0;
  /** Changed events, which may be two that were swapped. */
  const changed: AuditEventTable[] = [];
  const isNoted = new Map(noted.map(({ sequence, hash }) => [sequence, hash]));

  function find(finding: ChainFinding): void {
    if (findings.length < MAX_FINDINGS) findings.push(finding);
    else isCut = true;
  }

  const hasNumber = (row: AuditEventTable, sequence: number) => hashAs(row, sequence) === row.hash;

  const areSwapped = (row: AuditEventTable, next: AuditEventTable | undefined) =>
    next !== undefined && hasNumber(row, next.sequence) && hasNumber(next, row.sequence);

  /** Returns the number that the event had when it was recorded; undefined: its content was changed. */
  function numberOf(row: AuditEventTable, next: AuditEventTable | undefined): number | undefined {
    if (hasNumber(row, row.sequence - shift)) return row.sequence - shift;
    if (isCut) return undefined;
    const isShifted = (by: number) =>
      next ? hasNumber(next, next.sequence - by) || next.previousHash === row.hash : head.hash === row.hash;
    for (let distance = 1; distance <= MAX_SHIFT; distance++)
      for (const by of [shift + distance, shift - distance])
        if (hasNumber(row, row.sequence - by) && isShifted(by)) return row.sequence - by;
    return undefined;
  }

  function follow(place: ChainPlace, at: number): void {
    link = { ...place, at };
    const hash = isNoted.get(place.sequence);
    if (hash !== undefined && hash !== place.hash) find({ kind: "rewritten", sequence: place.sequence });
    isNoted.delete(place.sequence);
  }

  return {
    judge(row: AuditEventTable, next: AuditEventTable | undefined): void {
      events++;
      const nextLink = next ? next.previousHash : head.hash;
      if (nextLink === link.hash && nextLink !== row.hash && !areSwapped(row, next)) {
        find({ kind: "inserted", sequence: row.sequence, event: row });
        return;
      }
      const number = numberOf(row, next);
      if (number === undefined || number <= link.sequence) {
        find({ kind: "changed", sequence: row.sequence, event: row });
        if (changed.length < MAX_FINDINGS) changed.push(row);
        const sequence = Math.max(row.sequence - shift, link.sequence + 1);
        if (sequence > link.sequence + 1) findRemoved(sequence, row.at);
        follow({ sequence, hash: nextLink }, row.at);
      } else {
        shift = row.sequence - number;
        if (number > link.sequence + 1) findRemoved(number, row.at);
        const follows = row.previousHash === link.hash || number > link.sequence + 1;
        const isLinked = nextLink === row.hash;
        if (!follows) {
          // Its hash was computed again after a change. The next event shows which of the two was changed.
          const culprit = isLinked && previous ? previous : row;
          find({ kind: "changed", sequence: culprit.sequence, event: culprit });
        }
        follow({ sequence: number, hash: follows || isLinked ? row.hash : nextLink }, row.at);
      }
      previous = row;
    },

    end(): ChainReport {
      if (link.hash !== head.hash) {
        if (head.sequence > link.sequence + shift)
          find({
            ...{ kind: "removed", sequence: link.sequence + 1, last: head.sequence },
            ...{ after: link.at, before: null },
          });
        else if (head.sequence === link.sequence && previous)
          find({ kind: "changed", sequence: previous.sequence, event: previous });
        else find({ kind: "end-changed", sequence: head.sequence });
      } else if (head.sequence !== link.sequence && head.sequence !== link.sequence + shift)
        find({ kind: "end-changed", sequence: head.sequence });
      for (const sequence of isNoted.keys()) find({ kind: "rewritten", sequence });
      return { findings: withSwaps(findings, changed), isCut, events, head };
    },
  };

  function findRemoved(next: number, before: number): void {
    find({ kind: "removed", sequence: link.sequence + 1, last: next - 1, after: link.at, before });
  }
}

function hashAs({ hash: _, ...row }: AuditEventTable, sequence: number): string | undefined {
  return eventHash({ ...row, sequence });
}

/** Replaces two changed events by one finding if each has the other's place. */
function withSwaps(findings: ChainFinding[], changed: readonly AuditEventTable[]): ChainFinding[] {
  let result = findings;
  for (const [index, one] of changed.entries()) {
    const other = changed
      .slice(index + 1)
      .find((row) => hashAs(one, row.sequence) === one.hash && hashAs(row, one.sequence) === row.hash);
    if (!other) continue;
    const isOfPair = (finding: ChainFinding) =>
      finding.kind === "changed" && [one.sequence, other.sequence].includes(finding.sequence);
    const place = result.findIndex(isOfPair);
    result = result.filter((finding) => !isOfPair(finding));
    result.splice(place, 0, {
      ...{ kind: "swapped", sequence: one.sequence, event: one },
      ...{ other: other.sequence, otherEvent: other },
    });
  }
  return result;
}
