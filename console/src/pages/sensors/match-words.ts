// Texts about possible duplicates. The server decides which facts are evidence, and why.
import type { ComparedFact, Evidence, FactKind } from "@attacklens/protocol/compared-facts.ts";
import type { ListedSensor, Sensor } from "@attacklens/protocol/sensors.ts";
import { countOf } from "../../ui/numbers.ts";
import type { StatusColor } from "../../ui/Status.tsx";
import type { AnySensor } from "./sensor-words.ts";

export type SensorMatch = NonNullable<Sensor["match"]>;
/** Without the compared facts. */
export type ListedMatch = NonNullable<ListedSensor["match"]>;

/** The name of each fact and, if it is not a hardware fact, why it is not evidence. */
const FACTS: Record<FactKind, { name: string; whyNot: string }> = {
  "product-uuid": { name: "Product UUID", whyNot: "" },
  "serial-number": { name: "Serial number", whyNot: "" },
  "cloud-instance-id": { name: "Cloud instance ID", whyNot: "" },
  "mac-address": { name: "MAC addresses", whyNot: "" },
  "machine-id": { name: "Machine ID", whyNot: "part of the installation" },
  hostname: { name: "Hostname", whyNot: "names can be reused" },
  "operating-system": { name: "Operating system", whyNot: "many hosts run the same system" },
};

const WHY_NOT: Partial<Record<Evidence, string>> = {
  shared: "another active sensor reports the same value",
  "same-as-uuid": "derived from the product UUID",
  placeholder: "a default value of the manufacturer",
};

export interface Verdict {
  name: string;
  compared: "Agrees" | "Differs" | "Not reported" | "Placeholder";
  color: StatusColor;
  /** Whether it is evidence and, if not, why. */
  evidence: string;
}

export function verdictOn({ kind, before, now, agrees, evidence }: ComparedFact): Verdict {
  const { name, whyNot } = FACTS[kind];
  if (evidence === "for") return { name, compared: "Agrees", color: "green", evidence: "Yes" };
  if (evidence === "against")
    return {
      name,
      compared: "Differs",
      color: "yellow",
      evidence: "Against: replaced hardware, or another host",
    };
  const isReported = before !== null && now !== null;
  const compared =
    evidence === "placeholder" ? "Placeholder" : agrees ? "Agrees" : isReported ? "Differs" : "Not reported";
  const why =
    WHY_NOT[evidence] ?? (isReported ? whyNot : before === null ? "not reported before" : "not reported now");
  return { name, compared, color: "gray", evidence: `No: ${why}` };
}

/** `3 hardware facts agree, none differs`. */
export function evidenceText({ agreeing, differing }: ListedMatch): string {
  const agree = countOf(agreeing, "hardware fact agrees", "hardware facts agree");
  return `${agree}, ${differing === 0 ? "none differs" : countOf(differing, "differs", "differ")}`;
}

/** The line under a hostname: a relation to another hostname or sensor. */
export function originText(sensor: ListedSensor): string {
  const { cloneOf, match, replacedBy, isHostnameAllowed } = sensor;
  const before = earlierHostname(sensor);
  return [
    // The most important text is first, because the column can cut the line.
    before && isHostnameAllowed === false && "hostname not allowed",
    before && `enrolled as ${before}`,
    match && `possible duplicate of ${match.sensor.name}`,
    replacedBy && `replaced by ${replacedBy.name}`,
    cloneOf && `clone of ${cloneOf.name}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The hostname at enrollment, if the host has a different one now. Case is ignored. */
export function earlierHostname({ hostname, admittedHostname }: AnySensor): string | undefined {
  return hostname.toLowerCase() === admittedHostname?.toLowerCase() ? undefined : admittedHostname;
}
