// Changes the certificate of a port without a refused or reset connection, in all processes that share it. In
// each process, a listener with the new certificate joins the port beside the earlier one. Then only the new
// ones get connections, and the earlier ones end when theirs have ended. Ending them sooner would reset
// connections during their handshake. If the system cannot direct connections, this happens.
import type { TlsState } from "../certificates/server-tls.ts";
import type { Sharer } from "../processes/membership.ts";
import { IDLE_TIMEOUT_S, type Listener } from "./listener.ts";

/**
 * After this time, a listener without new connections has none left: each was closed after a request, or was
 * idle for too long.
 */
const DRAIN_MS = (IDLE_TIMEOUT_S + 10) * 1_000;

export interface CertificateSwapOptions {
  /** The ports with TLS in this process. */
  listeners: readonly Listener[];
  sharers(): Sharer[];
  drainMs?: number;
}

export function openCertificateSwap({ listeners, sharers, drainMs = DRAIN_MS }: CertificateSwapOptions) {
  let last = Promise.resolve();
  let draining: { timer: Timer; first: number } | undefined;

  async function endEarlier(): Promise<void> {
    if (!draining) return;
    const { timer, first } = draining;
    draining = undefined;
    clearTimeout(timer);
    // One listener, because each that leaves moves the last one to its place. The index of this one stays
    // valid until only new ones are left.
    for (const listener of listeners) listener.direct({ first, count: 1 });
    for (const listener of listeners) listener.dropEarlier();
    await Promise.allSettled(sharers().map((sharer) => sharer.dropEarlier()));
    for (const listener of listeners) listener.direct(undefined);
  }

  async function change(tls: TlsState): Promise<void> {
    await endEarlier();
    const others = sharers();
    const first = 1 + others.length;
    for (const listener of listeners) listener.add(tls.certificate);
    const added = await Promise.allSettled(others.map((other) => other.add(tls)));
    const count = 1 + added.filter(({ status }) => status === "fulfilled").length;
    const isDirected = listeners.every((listener) => listener.direct({ first, count }));
    draining = { timer: setTimeout(() => void inTurn(endEarlier), drainMs), first };
    if (!isDirected) await endEarlier();
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  }

  return {
    /** Uses the certificate for new connections. */
    swap: (tls: TlsState): Promise<void> => inTurn(() => change(tls)),
    /** Ends the listeners with the earlier certificate at once. */
    endEarlier: (): Promise<void> => inTurn(endEarlier),
  };
}
