// How the comparison of a host with one that was there before reads. Which facts count, and why, is the server's judgement.
import type { ComparedFact, Evidence, FactKind } from "@attacklens/protocol/compared-facts.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { countOf, formatCount } from "../../ui/numbers.ts";
import type { StatusColor } from "../../ui/Status.tsx";

export type SensorMatch = NonNullable<Sensor["match"]>;

/** A fact's name and, when it is not one of the hardware, why it is no evidence. */
const FACTS: Record<FactKind, { name: string; provesNothing: string }> = {
  "product-uuid": { name: "Product UUID", provesNothing: "" },
  "serial-number": { name: "Serial number", provesNothing: "" },
  "cloud-instance-id": { name: "Cloud instance ID", provesNothing: "" },
  "mac-address": { name: "MAC addresses", provesNothing: "" },
  "machine-id": { name: "Machine ID", provesNothing: "part of the installation" },
  hostname: { name: "Hostname", provesNothing: "names are given again" },
  "operating-system": { name: "Operating system", provesNothing: "many hosts run the same" },
};

const WHY_NOT: Partial<Record<Evidence, string>> = {
  shared: "another living sensor tells the same",
  "same-as-uuid": "the UUID in other words",
  placeholder: "the maker filled in nothing of its own",
};

export interface Verdict {
  name: string;
  compared: "Agrees" | "Differs" | "Not told" | "Placeholder";
  color: StatusColor;
  /** Whether it is evidence, and why not. */
  evidence: string;
}

export function verdictOn({ kind, before, now, agrees, evidence }: ComparedFact): Verdict {
  const { name, provesNothing } = FACTS[kind];
  if (evidence === "for") return { name, compared: "Agrees", color: "green", evidence: "Yes" };
  if (evidence === "against")
    return { name, compared: "Differs", color: "yellow", evidence: "Against: exchanged, or another machine" };
  const isTold = before !== null && now !== null;
  const compared =
    evidence === "placeholder" ? "Placeholder" : agrees ? "Agrees" : isTold ? "Differs" : "Not told";
  const why =
    WHY_NOT[evidence] ?? (isTold ? provesNothing : before === null ? "not told before" : "not told now");
  return { name, compared, color: "gray", evidence: `No: ${why}` };
}

/** `3 hardware facts agree, none differs`. */
export function evidenceText({ facts }: SensorMatch): string {
  const agreeing = facts.filter(({ evidence }) => evidence === "for").length;
  const differing = facts.filter(({ evidence }) => evidence === "against").length;
  const agree = countOf(agreeing, "hardware fact agrees", "hardware facts agree");
  return `${agree}, ${differing === 0 ? "none differs" : `${formatCount(differing)} ${differing === 1 ? "differs" : "differ"}`}`;
}

/** What stands under a hostname: whose key, hardware or history it is about. */
export function originText(sensor: Sensor): string {
  const { cloneOf, match, replacedBy, isHostnameAllowed } = sensor;
  const before = earlierHostname(sensor);
  return [
    // First: the line is cut at the end of its column.
    before && !isHostnameAllowed && "name not allowed",
    before && `enrolled as ${before}`,
    match && `looks like ${match.sensor.name} reinstalled`,
    replacedBy && `replaced by ${replacedBy.name}`,
    cloneOf && `clone of ${cloneOf.name}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The hostname that the sensor was admitted with, if the host has another one now. Case makes no difference. */
export function earlierHostname({ hostname, admittedHostname }: Sensor): string | undefined {
  return hostname.toLowerCase() === admittedHostname.toLowerCase() ? undefined : admittedHostname;
}
