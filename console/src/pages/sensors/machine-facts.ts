// The facts about a machine that its inventory has. Sensors on every platform collect them, so a missing one
// is named: the host does not have it, or hides it.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { countOf, formatBytes } from "../../ui/numbers.ts";
import { exactTime } from "../../ui/time.ts";

interface MachineItems {
  system: readonly Item<"system">[];
  network: readonly Item<"network">[];
  /** Those of the area encryption. */
  security: readonly Item<"security">[];
}

const NOT_REPORTED = "Not reported by this host";
const SHOWN_ADDRESSES = 6;
const DAY_MS = 86_400_000;

export function machineFacts({ system, network, security }: MachineItems, now: Date) {
  const part = <K extends Item<"system">["kind"]>(kind: K) =>
    system.find((item): item is Extract<Item<"system">, { kind: K }> => item.kind === kind);
  const [host, cpu, memory] = [part("host"), part("cpu"), part("memory")];
  const identifiers = part("identifiers");
  const virtualization = part("virtualization")?.type;
  const model = [identifiers?.vendor, identifiers?.model].filter(Boolean).join(" ");
  const facts: [label: string, value: string | undefined][] = [
    ["Model", model],
    ["Virtualization", virtualization === "none" ? "None: a physical machine" : virtualization],
    [
      "Processor",
      cpu && `${cpu.model || cpu.architecture} · ${countOf(cpu.logicalCount, "logical processor")}`,
    ],
    ["Memory", memory && formatBytes(memory.totalBytes)],
    ["Disk encryption", encryptionOf(system, security)],
    ["Addresses", addressesOf(network)],
    ["Up since", host?.bootedAt && upText(host.bootedAt, now)],
  ];
  return facts.map(([label, value]) => ({ label, value: value || NOT_REPORTED }));
}

/** The mounts of the host's disks that are encrypted, or what its encryption reports. */
function encryptionOf(
  system: readonly Item<"system">[],
  security: readonly Item<"security">[],
): string | undefined {
  const mounts = system.filter((item) => item.kind === "mount" && item.encrypted !== undefined);
  if (mounts.length === 0)
    return security.map(({ name, value }) => (value ? `${name}: ${value}` : name)).join(", ") || undefined;
  const paths = (isEncrypted: boolean) =>
    mounts.flatMap((item) => (item.kind === "mount" && item.encrypted === isEncrypted ? [item.path] : []));
  const [encrypted, plain] = [paths(true), paths(false)];
  if (encrypted.length === 0) return "Not encrypted";
  return plain.length === 0
    ? "Encrypted"
    : `Encrypted: ${encrypted.join(", ")}. Not encrypted: ${plain.join(", ")}`;
}

function addressesOf(network: readonly Item<"network">[]): string | undefined {
  const all = network.flatMap((item) => (item.kind === "interface" ? item.addresses : []));
  const outside = [...new Set(all)].filter((address) => !/^(127\.|::1(\/|$)|fe80:)/.test(address));
  const more = outside.length - SHOWN_ADDRESSES;
  return outside.slice(0, SHOWN_ADDRESSES).join(", ") + (more > 0 ? ` and ${more} more` : "") || undefined;
}

function upText(bootedAt: string, now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(bootedAt)) / DAY_MS);
  return days < 1 ? exactTime(bootedAt) : `${exactTime(bootedAt)} (${countOf(days, "day")})`;
}
