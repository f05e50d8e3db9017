// Fair queues: networks take turns, and so do the addresses within a network. The queues are limited by
// address, by network, and in total.
import type { AddressGroup } from "../networks.ts";

export interface TurnLimits {
  /** For one address, and for one network. */
  runningPerAddress: number;
  waiting: number;
  /** For one address. A network of several addresses has four times as many. */
  waitingPerAddress: number;
}

export interface Waiter {
  start(): void;
  refuse(): void;
}

interface Line {
  running: number;
  waiting: Waiter[];
}

interface Network {
  running: number;
  waiting: number;
  lines: Map<string, Line>;
}

const ADDRESSES_PER_NETWORK = 4;

export function openTurns(limits: TurnLimits) {
  const networks = new Map<string, Network>();
  let waiting = 0;

  /** Removes the last waiter of the longest queue in the network with the most waiters. */
  function refuseLast(): void {
    const [networkKey, network] = mostWaiting([...networks], ([, { waiting }]) => waiting);
    const [address, line] = mostWaiting([...network.lines], ([, { waiting }]) => waiting.length);
    waiting--;
    network.waiting--;
    line.waiting.pop()?.refuse();
    forget({ network: networkKey, address });
  }

  function find({ network, address }: AddressGroup): { network: Network; line: Line } | undefined {
    const found = networks.get(network);
    const line = found?.lines.get(address);
    return found && line && { network: found, line };
  }

  function forget(group: AddressGroup): void {
    const found = find(group);
    if (!found) return;
    const { network, line } = found;
    if (line.running === 0 && line.waiting.length === 0) network.lines.delete(group.address);
    if (network.lines.size === 0) networks.delete(group.network);
  }

  return {
    /** Returns false if the address or its network has too many waiters. */
    join(group: AddressGroup, waiter: Waiter): boolean {
      const network = networks.get(group.network) ?? { running: 0, waiting: 0, lines: new Map() };
      const line = network.lines.get(group.address) ?? { running: 0, waiting: [] };
      if (line.waiting.length >= limits.waitingPerAddress) return false;
      if (network.waiting >= limits.waitingPerAddress * ADDRESSES_PER_NETWORK) return false;
      if (waiting >= limits.waiting) refuseLast();
      networks.set(group.network, network);
      network.lines.set(group.address, line);
      waiting++;
      network.waiting++;
      line.waiting.push(waiter);
      return true;
    },

    /** Returns the next waiter, which counts as running until `end`. */
    next(): Waiter | undefined {
      for (const [networkKey, network] of networks) {
        if (network.waiting === 0 || network.running >= limits.runningPerAddress) continue;
        for (const [key, line] of network.lines) {
          if (line.waiting.length === 0 || line.running >= limits.runningPerAddress) continue;
          // A Map keeps insertion order, so the other networks are next.
          moveToEnd(networks, networkKey, network);
          moveToEnd(network.lines, key, line);
          waiting--;
          network.waiting--;
          network.running++;
          line.running++;
          return line.waiting.shift();
        }
      }
      return undefined;
    },

    /** Ends a running one. */
    end(group: AddressGroup): void {
      const found = find(group);
      if (!found) return;
      found.network.running--;
      found.line.running--;
      forget(group);
    },

    /** Removes a waiter that gave up. */
    leave(group: AddressGroup, waiter: Waiter): void {
      const found = find(group);
      const index = found?.line.waiting.indexOf(waiter) ?? -1;
      if (!found || index < 0) return;
      found.line.waiting.splice(index, 1);
      found.network.waiting--;
      waiting--;
      forget(group);
    },
  };
}

function moveToEnd<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
}

function mostWaiting<T>(all: T[], count: (one: T) => number): T {
  return all.reduce((most, one) => (count(one) > count(most) ? one : most));
}
