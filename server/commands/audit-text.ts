// Audit events and the result of a verification as text for a terminal. Pure.
import { AUDIT_ACTOR_NAMES, auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import type { AuditEvent } from "@attacklens/protocol/audit-events.ts";
import { countOf } from "@attacklens/protocol/count-of.ts";
import type { ChainFinding, ChainReport } from "../audit/verify-chain.ts";
import { toInstant } from "../ids.ts";
import { table } from "./text-table.ts";

export function eventTable(events: readonly AuditEvent[]): string {
  return table([
    ["NUMBER", "TIME", "ACTOR", "ADDRESS", "ACTION", "ENTITY", "CHANGE"],
    ...events.map(({ sequence, at, actor, address, action, entity, before, after }) =>
      [
        String(sequence),
        at,
        actor.type === "user" ? actor.name : `${AUDIT_ACTOR_NAMES[actor.type]} ${actor.name}`,
        address ?? "-",
        auditActionWords(action),
        entity.name,
        before && after ? changes(before, after) : "",
      ].map(visible),
    ),
  ]);
}

function changes(before: Record<string, unknown>, after: Record<string, unknown>): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .map((name) => `${name}: ${JSON.stringify(before[name])} → ${JSON.stringify(after[name])}`)
    .join("; ");
}

export function reportText({ findings, isCut, events, head }: ChainReport): string {
  return [
    ...findings.map(findingText),
    ...(isCut ? ["There are more findings."] : []),
    `Verified ${countOf(events, "event")}${findings.length === 0 ? ": intact" : ""}.`,
    `End of the log: ${head.sequence}:${head.hash || "0".repeat(64)}`,
  ].join("\n");
}

function findingText(finding: ChainFinding): string {
  switch (finding.kind) {
    case "changed":
      return `Event ${finding.sequence} was changed: ${nameOf(finding.event)}`;
    case "inserted":
      return `Event ${finding.sequence} was inserted: ${nameOf(finding.event)}`;
    case "swapped":
      return [
        `Events ${finding.sequence} and ${finding.other} were swapped:`,
        `  ${finding.sequence}: ${nameOf(finding.event)}`,
        `  ${finding.other}: ${nameOf(finding.otherEvent)}`,
      ].join("\n");
    case "removed":
      return removedText(finding);
    case "end-changed":
      return `The stored end of the log was changed: it is event ${finding.sequence}`;
    case "rewritten":
      return `Event ${finding.sequence} does not have the expected hash: the log was rewritten or shortened`;
  }
}

function removedText({ sequence, last, after, before }: ChainFinding & { kind: "removed" }): string {
  const which = sequence === last ? `Event ${sequence} was` : `Events ${sequence} to ${last} were`;
  const times = [
    ...(after === null ? [] : [`not before ${timeText(after)}`]),
    ...(before === null ? [] : [`not after ${timeText(before)}`]),
  ];
  return `${which} removed${times.length > 0 ? `; recorded ${times.join(" and ")}` : ""}`;
}

function nameOf({ id, at, actorName, action, entityName }: (ChainFinding & { kind: "changed" })["event"]) {
  return visible(`${timeText(at)}, ${actorName}, ${auditActionWords(action)}, ${entityName ?? "-"} (${id})`);
}

/** An event that was tampered with can have any time. */
function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? toInstant(ms) : String(ms);
}

/** An event that was tampered with can contain control characters, which a terminal executes. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd");
}
