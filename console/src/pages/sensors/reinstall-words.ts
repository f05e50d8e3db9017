// How the comparison of a host with one that was there before reads. Which facts count is the server's judgement; here is only why.
import type { ComparedFact, FactKind, Sensor } from "@attacklens/protocol/sensors.ts";
import { countOf, formatCount } from "../../ui/numbers.ts";
import type { StatusColor } from "../../ui/Status.tsx";

export type Likeness = NonNullable<Sensor["looksLike"]>;

/** A fact's name and, when it is not one of the hardware, why it is no evidence. */
const FACTS: Record<FactKind, { name: string; provesNothing?: string }> = {
  "product-uuid": { name: "Product UUID" },
  "serial-number": { name: "Serial number" },
  "cloud-instance-id": { name: "Cloud instance ID" },
  "mac-address": { name: "MAC addresses" },
  "machine-id": { name: "Machine ID", provesNothing: "part of the installation" },
  hostname: { name: "Hostname", provesNothing: "names are given again" },
  "operating-system": { name: "Operating system", provesNothing: "many hosts run the same" },
};

export interface Verdict {
  name: string;
  compared: "Agrees" | "Differs" | "Not told" | "Placeholder";
  color: StatusColor;
  /** Whether it is evidence, and why not. */
  evidence: string;
}

export function verdictOn(fact: ComparedFact, isCertain: boolean): Verdict {
  const { before, now, agrees, counts } = fact;
  const { name, provesNothing } = FACTS[fact.kind];
  const isTold = before !== null && now !== null;
  const isSame = isTold && before.toLowerCase() === now.toLowerCase();
  const no = (compared: Verdict["compared"], why: string): Verdict => {
    return { name, compared, color: "gray", evidence: `No: ${why}` };
  };
  if (provesNothing) {
    return no(agrees ? "Agrees" : isTold ? "Differs" : "Not told", provesNothing);
  }
  if (agrees && counts) return { name, compared: "Agrees", color: "green", evidence: "Yes" };
  if (agrees) return no("Agrees", "another living sensor tells the same");
  if (!isTold) return no("Not told", before === null ? "not told before" : "not told now");
  if (isSame) return no("Placeholder", "the maker filled in nothing of its own");
  // Nothing that says something differs, so one of the two says nothing.
  if (isCertain) return no("Differs", "one of the two is a placeholder");
  return { name, compared: "Differs", color: "yellow", evidence: "Against: exchanged, or another machine" };
}

/** `3 hardware facts agree, none differs`. */
export function evidenceText({ facts, isCertain }: Likeness): string {
  const agreeing = facts.filter(({ counts }) => counts).length;
  const differing = facts.filter((fact) => verdictOn(fact, isCertain).color === "yellow").length;
  const agree = countOf(agreeing, "hardware fact agrees", "hardware facts agree");
  return `${agree}, ${differing === 0 ? "none differs" : `${formatCount(differing)} ${differing === 1 ? "differs" : "differ"}`}`;
}

/** What stands under a hostname: whose key, hardware or history it is about. */
export function originText({ copyOf, looksLike, replacedBy }: Sensor): string {
  return [
    looksLike && `looks like ${looksLike.sensor.name} reinstalled`,
    replacedBy && `replaced by ${replacedBy.name}`,
    copyOf && `copy of ${copyOf.name}`,
  ]
    .filter(Boolean)
    .join(" · ");
}
