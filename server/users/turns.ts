// Fair turns: networks take turns, and so do the addresses within a network. The lines are bounded by
// address, by network, and in total.
import type { AddressGroup } from "../networks.ts";

export interface TurnLimits {
  /** Of one address, and of one network. */
  runningPerAddress: number;
  waiting: number;
  /** Of one address; a network of several has four times as many. */
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

  /** Takes a waiter out of the longest line of the network that has the most waiting. */
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
    /** Returns false when the address, or its network, has too many waiting. */
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

    /** Returns the waiter whose turn it is, which counts as running until `end`. */
    next(): Waiter | undefined {
      for (const [networkKey, network] of networks) {
        if (network.waiting === 0 || network.running >= limits.runningPerAddress) continue;
        for (const [key, line] of network.lines) {
          if (line.waiting.length === 0 || line.running >= limits.runningPerAddress) continue;
          // A Map keeps insertion order: the next turns are those of the others.
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

    /** A running one has ended. */
    end(group: AddressGroup): void {
      const found = find(group);
      if (!found) return;
      found.network.running--;
      found.line.running--;
      forget(group);
    },

    /** A waiting one has given up. */
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
