// Decides which instance of the sensor process holds the sensor's key, and which one runs on a cloned host.
// Pure rules; see clones.ts.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";

export type InstanceHost = Partial<HostFacts>;

export interface Instance {
  instanceId: string;
  state: "holder" | "newcomer" | "past" | "clone";
  host: InstanceHost;
  firstSeenAt: number;
  /** holder: when it took the key back from a later instance; past: its last request. */
  returnedAt: number | null;
  /** past: requests since a later instance took over; holder: requests since a past instance reported. */
  returns: number;
}

export interface InstanceCase {
  instanceId: string;
  host: InstanceHost;
  instances: readonly Instance[];
  /** The facts that the sensor's host reported at its enrollment. */
  enrolledHost: InstanceHost;
  now: number;
  /** When the holder was last seen. */
  holderSeenAt: number;
  /** A holder without a request for this long is considered silent. */
  silentAfterMs: number;
  /** A holder for this long, without a request of another instance, is the only instance. */
  settledAfterMs: number;
  /** Late requests of a process that ended arrive within this time after its successor's first request. */
  lateForMs: number;
}

export type Verdict =
  /**
   * The instance is or becomes the holder. `returned`: it was the holder before another instance.
   * `isDisputed`: another instance may be alive and report soon, because this one took over only `heldForMs`
   * ago, or because both report.
   */
  | { type: "holder"; returned: boolean; isDisputed: boolean; heldForMs: number; returns: number }
  /** A past instance reports beside the holder. The server serves and counts the request. */
  | { type: "stray"; returns: number }
  /**
   * The instance seems to run on another host, and the holder may be alive. Its reports are not stored yet.
   */
  | { type: "newcomer" }
  /** Several hosts with one key are alive: `holder` keeps the key, the others are clones. */
  | { type: "fork"; holder: string; clones: string[] }
  | { type: "clone" };

/** Requests that prove an instance alive beside a later one. A single request may be its last. */
export const PROVES_LIFE = 2;

const SINGLE_FACTS = {
  machineId: "machine-id",
  productUuid: "product-uuid",
  serialNumber: "serial-number",
  cloudInstanceId: "cloud-instance-id",
} as const;

/** Returns the kinds of facts that both hosts have, and whether they agree. Hostnames are no evidence. */
function compareHosts(left: InstanceHost, right: InstanceHost): { kind: string; agrees: boolean }[] {
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

/** Returns the kinds of facts in which two hosts differ. */
export function differences(left: InstanceHost, right: InstanceHost): string[] {
  return compareHosts(left, right).flatMap(({ kind, agrees }) => (agrees ? [] : [kind]));
}

/**
 * Returns whether an instance without a check-in runs on the earlier host. If the two have no kind of fact in
 * common, the address decides.
 */
export function isSameHost(host: InstanceHost, before: InstanceHost, isSameAddress: boolean): boolean {
  const compared = compareHosts(host, before);
  return compared.length === 0 ? isSameAddress : compared.every(({ agrees }) => agrees);
}

function match(host: InstanceHost, enrolled: InstanceHost): number {
  return compareHosts(host, enrolled).reduce((sum, { agrees }) => sum + (agrees ? 1 : -1), 0);
}

/**
 * Judges a request of `instanceId`. Requests arrive in the order of their nonces; late ones are refused
 * earlier.
 */
export function judgeInstance(given: InstanceCase): Verdict {
  const { instanceId, host, instances, now, silentAfterMs } = given;
  const holder = instances.find(({ state }) => state === "holder");
  const known = instances.find((instance) => instance.instanceId === instanceId);
  if (known?.state === "clone") return { type: "clone" };
  if (!holder) return takesOver({ isDisputed: false });
  const newcomers = instances.filter(({ state }) => state === "newcomer");
  // The holder reports after the newcomers did, so both are alive.
  if (known === holder && newcomers.length > 0) return fork(holder, newcomers, given);
  if (known === holder) return judgeHolder(holder, given);
  const isHolderSilent = now - given.holderSeenAt > silentAfterMs;
  if (known?.state === "past") return judgePast(known, holder, isHolderSilent, given);
  const isRestart = !known && differences(host, holder.host).length === 0;
  return isRestart || isHolderSilent
    ? takesOver({ isDisputed: !isHolderSilent, heldForMs: 0 })
    : { type: "newcomer" };
}

/** Judges a request of the holder. Past instances with recent requests may be alive too. */
function judgeHolder(holder: Instance, given: InstanceCase): Verdict {
  const strays = given.instances.filter((instance) => isStray(instance, given));
  if (strays.length === 0) {
    const heldForMs = given.now - (holder.returnedAt ?? holder.firstSeenAt);
    const isDisputed = heldForMs < given.settledAfterMs;
    return takesOver({ isDisputed, ...(holder.returnedAt === null ? { heldForMs } : {}) });
  }
  const returns = holder.returns + 1;
  const alive = strays.filter((instance) => instance.returns >= PROVES_LIFE);
  if (returns >= PROVES_LIFE && alive.length > 0) return fork(holder, alive, given);
  return { ...takesOver({ isDisputed: true }), returns };
}

/**
 * Judges a request of a past instance. Either the host was reset to a snapshot and the holder never reports
 * again, or both are alive. A restart causes neither, because it ends the earlier instance.
 */
function judgePast(past: Instance, holder: Instance, isHolderSilent: boolean, given: InstanceCase): Verdict {
  if (isHolderSilent) return takesOver({ isDisputed: true, returned: true });
  const earlier = isStray(past, given) ? past.returns : 0;
  if (given.now - holder.firstSeenAt < given.lateForMs) return { type: "stray", returns: earlier };
  const returns = earlier + 1;
  if (returns < PROVES_LIFE) return { type: "stray", returns };
  const hasReturned = holder.returnedAt !== null && given.now - holder.returnedAt <= given.silentAfterMs;
  if (hasReturned || holder.returns >= PROVES_LIFE) return fork(holder, [past], given);
  return holder.returns === 0 ? takesOver({ isDisputed: true, returned: true }) : { type: "stray", returns };
}

function takesOver(held: {
  isDisputed: boolean;
  heldForMs?: number;
  returned?: boolean;
}): Verdict & { type: "holder" } {
  return { type: "holder", returned: false, heldForMs: Number.POSITIVE_INFINITY, returns: 0, ...held };
}

/** Returns whether a past instance sent a request recently, after a later instance took over. */
function isStray(
  { state, returns, returnedAt }: Instance,
  { now, silentAfterMs }: Pick<InstanceCase, "now" | "silentAfterMs">,
): boolean {
  return state === "past" && returns > 0 && returnedAt !== null && now - returnedAt <= silentAfterMs;
}

/** The original is the instance that matches the enrolled host best; among equals, the earliest one. */
function fork(holder: Instance, others: Instance[], { enrolledHost }: InstanceCase): Verdict {
  const [original, ...clones] = [holder, ...others].sort(
    (left, right) =>
      match(right.host, enrolledHost) - match(left.host, enrolledHost) ||
      left.firstSeenAt - right.firstSeenAt,
  );
  return { type: "fork", holder: original!.instanceId, clones: clones.map(({ instanceId }) => instanceId) };
}
