// Which start of the program holds a sensor's key, and which runs on another host with a copy of it. Pure rules; see boots.ts.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";

export type BootHost = Partial<HostFacts>;

export interface Boot {
  bootId: string;
  state: "holder" | "newcomer" | "past" | "copy";
  host: BootHost;
  firstSeenAt: number;
  returnedAt: number | null;
}

export interface BootCase {
  bootId: string;
  host: BootHost;
  boots: readonly Boot[];
  /** What the sensor's host said when it enrolled. */
  enrolledHost: BootHost;
  now: number;
  /** When the holder was last seen. */
  holderSeenAt: number;
  /** A holder that was not seen for so long is not alive. */
  silentAfterMs: number;
}

export type Verdict =
  /** It is the holder, or becomes it; `returned`: it had been before another took over. */
  | { type: "holder"; returned: boolean }
  /** It looks like another host, and the holder may be alive: what it reports is not taken yet. */
  | { type: "newcomer" }
  /** Two hosts live with one key: `holder` keeps it, the others are copies. */
  | { type: "fork"; holder: string; copies: string[] }
  | { type: "copy" };

const SINGLE_FACTS = {
  machineId: "machine-id",
  productUuid: "product-uuid",
  serialNumber: "serial-number",
  cloudInstanceId: "cloud-instance-id",
} as const;

/** Kinds of facts that both hosts have, and whether these agree. Hostnames are no evidence. */
function compareHosts(left: BootHost, right: BootHost): { kind: string; agrees: boolean }[] {
  const compared: { kind: string; agrees: boolean }[] = [];
  for (const [fact, kind] of Object.entries(SINGLE_FACTS) as [keyof typeof SINGLE_FACTS, string][]) {
    const [one, other] = [left[fact], right[fact]];
    if (one && other) compared.push({ kind, agrees: one.toLowerCase() === other.toLowerCase() });
  }
  const macs = new Set(left.macs?.map((mac) => mac.toLowerCase()));
  if (macs.size > 0 && right.macs?.length)
    compared.push({ kind: "mac-address", agrees: right.macs.some((mac) => macs.has(mac.toLowerCase())) });
  return compared;
}

/** Kinds of facts in which two hosts differ. */
export function differences(left: BootHost, right: BootHost): string[] {
  return compareHosts(left, right).flatMap(({ kind, agrees }) => (agrees ? [] : [kind]));
}

/**
 * Whether an instance that has not checked in runs on the host that was heard before. Where the two state no fact of the same kind, the
 * address decides.
 */
export function isSameHost(host: BootHost, before: BootHost, isSameAddress: boolean): boolean {
  const compared = compareHosts(host, before);
  return compared.length === 0 ? isSameAddress : compared.every(({ agrees }) => agrees);
}

function likeness(host: BootHost, enrolled: BootHost): number {
  return compareHosts(host, enrolled).reduce((sum, { agrees }) => sum + (agrees ? 1 : -1), 0);
}

/** Judges a request of `bootId`. Requests come in the order of their nonces: what is late is refused before. */
export function judgeBoot(given: BootCase): Verdict {
  const { bootId, host, boots, now, silentAfterMs } = given;
  const holder = boots.find(({ state }) => state === "holder");
  const known = boots.find((boot) => boot.bootId === bootId);
  if (known?.state === "copy") return { type: "copy" };
  if (!holder) return { type: "holder", returned: false };
  const newcomers = boots.filter(({ state }) => state === "newcomer");
  // It was here before the newcomers and still is: both live.
  if (known === holder)
    return newcomers.length > 0 ? fork(holder, newcomers, given) : { type: "holder", returned: false };
  if (known?.state === "past") {
    // A host that was set back to a snapshot returns once; two that live return in turns.
    const takesTurns = holder.returnedAt !== null && now - holder.returnedAt <= silentAfterMs;
    return takesTurns ? fork(holder, [known], given) : { type: "holder", returned: true };
  }
  const isRestart = !known && differences(host, holder.host).length === 0;
  const isHolderSilent = now - given.holderSeenAt > silentAfterMs;
  return isRestart || isHolderSilent ? { type: "holder", returned: false } : { type: "newcomer" };
}

/** The original is the one that is most like the host that enrolled, and of equals the one that was first. */
function fork(holder: Boot, others: Boot[], { enrolledHost }: BootCase): Verdict {
  const [original, ...copies] = [holder, ...others].sort(
    (left, right) =>
      likeness(right.host, enrolledHost) - likeness(left.host, enrolledHost) ||
      left.firstSeenAt - right.firstSeenAt,
  );
  return { type: "fork", holder: original!.bootId, copies: copies.map(({ bootId }) => bootId) };
}
