// Decides by hardware whether a host is an earlier host that was re-imaged. Names and facts of the operating
// system are shown but are no evidence. One hardware fact is not enough, because vendors ship duplicates.
// Pure rules; see matches.ts.
import type { ComparedFact, Evidence, FactKind } from "@attacklens/protocol/compared-facts.ts";
import type { InstanceHost } from "../clones/clone-rules.ts";

export const HARDWARE_KINDS = ["product-uuid", "serial-number", "cloud-instance-id", "mac-address"] as const;
export type HardwareKind = (typeof HARDWARE_KINDS)[number];

/** The number of kinds of evidence that must agree. */
const NEEDED = 2;
/** The number of compared network cards. A host with more has virtual ones. */
const MAX_MACS = 8;
const MAX_SHOWN = 500;

/** Values of firmware that the vendor has not set. */
const PLACEHOLDERS = new Set([
  "none",
  "n/a",
  "not specified",
  "not available",
  "not applicable",
  "unknown",
  "invalid",
  "default",
  "default string",
  "empty",
  "oem",
  "o.e.m.",
  "to be filled by o.e.m.",
  "system serial number",
  "chassis serial number",
  "serial number",
  "0123456789",
  "123456789",
  "1234567890",
  "03000200-0400-0500-0006-000700080009",
  "12345678-1234-5678-90ab-cddeefaabbcc",
]);

/** MAC addresses of many hosts: Docker, host adapters of VirtualBox and VMware, group addresses. */
const SHARED_MACS = /^(02:42:|0a:00:27:|00:50:56:c0:00:|.[13579bdf]:)/;

/** Returns the host's normalized hardware facts for comparison, without placeholders. */
export function hardwareOf(host: InstanceHost): Record<HardwareKind, string[]> {
  const one = (value: string | undefined) => {
    const text = value?.trim().toLowerCase() ?? "";
    return isTelling(text) ? [text] : [];
  };
  const macs = (host.macs ?? []).flatMap(one).filter((mac) => !SHARED_MACS.test(mac));
  return {
    "product-uuid": one(host.productUuid),
    "serial-number": one(host.serialNumber),
    "cloud-instance-id": one(host.cloudInstanceId),
    "mac-address": macs.slice(0, MAX_MACS),
  };
}

function isTelling(text: string): boolean {
  const characters = text.replace(/[^\p{L}\p{N}]/gu, "");
  return characters.length >= 4 && !/^(.)\1*$/u.test(characters) && !PLACEHOLDERS.has(text);
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
