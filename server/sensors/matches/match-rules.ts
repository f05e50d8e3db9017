// Decides by hardware whether a host is an earlier host that was re-imaged. Names and facts of the operating
// system are shown but are no evidence. One hardware fact is not enough, because vendors ship duplicates.
// Pure rules; see matches.ts.
import type { ComparedFact, Evidence, FactKind } from "@attacklens/protocol/compared-facts.ts";
import {
  HARDWARE_KINDS,
  type HardwareKind,
  isPlaceholderId,
} from "@attacklens/protocol/hardware-placeholders.ts";
import type { InstanceHost } from "../clones/clone-rules.ts";

/** The number of kinds of evidence that must agree. */
const NEEDED = 2;
/** The number of compared network cards. A host with more has virtual ones. */
const MAX_MACS = 8;
const MAX_SHOWN = 500;

/** Returns the host's normalized hardware facts for comparison, without placeholders. */
export function hardwareOf(host: InstanceHost): Record<HardwareKind, string[]> {
  const one = (kind: HardwareKind, value: string | undefined) =>
    value !== undefined && !isPlaceholderId(kind, value) ? [value.trim().toLowerCase()] : [];
  return {
    "product-uuid": one("product-uuid", host.productUuid),
    "serial-number": one("serial-number", host.serialNumber),
    "cloud-instance-id": one("cloud-instance-id", host.cloudInstanceId),
    "mac-address": (host.macs ?? []).flatMap((mac) => one("mac-address", mac)).slice(0, MAX_MACS),
  };
}

export interface SensorMatch {
  facts: ComparedFact[];
  looksAlike: boolean;
  /** No hardware fact that both hosts report differs. */
  isCertain: boolean;
}

/** `isShared` returns whether another live host reports the same value, so that it identifies no host. */
export function compareHardware(
  before: InstanceHost,
  now: InstanceHost,
  isShared: (kind: HardwareKind, value: string) => boolean,
): SensorMatch {
  const [earlier, later] = [hardwareOf(before), hardwareOf(now)];
  const isOneId = isDerived(earlier["serial-number"][0], earlier["product-uuid"][0]);
  const judge = (kind: HardwareKind): Evidence => {
    if (textOf(kind, before) === null || textOf(kind, now) === null) return "not-told";
    if (earlier[kind].length === 0 || later[kind].length === 0) return "placeholder";
    const common = earlier[kind].filter((value) => later[kind].includes(value));
    if (common.length === 0) return "against";
    if (common.every((value) => isShared(kind, value))) return "shared";
    return kind === "serial-number" && isOneId ? "same-as-uuid" : "for";
  };
  const hardware = HARDWARE_KINDS.flatMap((kind) => fact(kind, before, now, judge(kind)));
  const others = (["machine-id", "hostname", "operating-system"] as const).flatMap((kind) =>
    fact(kind, before, now, "not-hardware"),
  );
  const count = (wanted: Evidence) => hardware.filter(({ evidence }) => evidence === wanted).length;
  const looksAlike = count("for") >= NEEDED;
  return { facts: [...hardware, ...others], looksAlike, isCertain: looksAlike && count("against") === 0 };
}

function fact(kind: FactKind, before: InstanceHost, now: InstanceHost, evidence: Evidence): ComparedFact[] {
  const [earlier, later] = [textOf(kind, before), textOf(kind, now)];
  if (earlier === null && later === null) return [];
  const isSame = earlier?.toLowerCase() === later?.toLowerCase();
  const agrees = isSame || ["for", "shared", "same-as-uuid"].includes(evidence);
  return [{ kind, before: earlier, now: later, agrees, evidence }];
}

function textOf(kind: FactKind, host: InstanceHost): string | null {
  const texts: Record<FactKind, string | undefined> = {
    "product-uuid": host.productUuid,
    "serial-number": host.serialNumber,
    "cloud-instance-id": host.cloudInstanceId,
    "mac-address": host.macs?.join(", "),
    "machine-id": host.machineId,
    hostname: host.hostname,
    "operating-system": [host.osName, host.osVersion].filter(Boolean).join(" "),
  };
  return texts[kind]?.slice(0, MAX_SHOWN) || null;
}

/**
 * Hypervisors and clouds write the UUID into the serial number, possibly with its bytes in another order.
 * Then the two are one fact.
 */
function isDerived(serialNumber = "", productUuid = ""): boolean {
  const bytes = (text: string) =>
    (
      text
        .replace(/^[a-z]+-/, "")
        .replace(/[^0-9a-f]/g, "")
        .match(/../g) ?? []
    )
      .toSorted()
      .join("");
  const uuid = bytes(productUuid);
  return uuid.length === 32 && bytes(serialNumber) === uuid;
}
