// Limits how many passwords are checked at the same time, because each check takes 19 MiB and a core for a
// while. The others wait in queues: one per address. Networks take turns, and so do the addresses of a
// network, so that a client with many attempts delays only itself. Addresses of earlier sign-ins have
// separate queues, which go first.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { AddressGroup } from "../networks.ts";
import { openTurns, type Waiter } from "./turns.ts";

export interface SignInQueueLimits {
  running: number;
  /** For one address, and for one IPv6 /48. */
  runningPerAddress: number;
  /** For known addresses, and the same number for unknown ones. */
  waiting: number;
  waitingPerAddress: number;
  waitMs: number;
}

const LIMITS: SignInQueueLimits = {
  running: 8,
  runningPerAddress: 4,
  waiting: 1_024,
  waitingPerAddress: 32,
  waitMs: 10_000,
};

/** The limits of each process of a server: together, they check as many passwords as a single process. */
export function shareOfQueue(processes: number): SignInQueueLimits {
  const { running, runningPerAddress } = LIMITS;
  const share = (limit: number) => Math.max(1, Math.floor(limit / processes));
  return { ...LIMITS, running: share(running), runningPerAddress: share(runningPerAddress) };
}

export interface SignInClient {
  group: AddressGroup;
  /** The address has an earlier sign-in. */
  isKnown: boolean;
}

export function openSignInQueue(limits: SignInQueueLimits = LIMITS) {
  const known = openTurns(limits);
  const unknown = openTurns(limits);
  let running = 0;

  function startWaiting(): void {
    while (running < limits.running) {
      const waiter = known.next() ?? unknown.next();
      if (!waiter) return;
      running++;
      waiter.start();
    }
  }

  return {
    /** Runs `check` when it is the client's turn. Throws too-many-requests if that takes too long. */
    async run<T>({ group, isKnown }: SignInClient, check: () => Promise<T>): Promise<T> {
      const turns = isKnown ? known : unknown;
      await new Promise<void>((resolve, reject) => {
        const waiter: Waiter = {
          start() {
            clearTimeout(deadline);
            resolve();
          },
          refuse() {
            clearTimeout(deadline);
            reject(crowded());
          },
        };
        const deadline = setTimeout(() => {
          turns.leave(group, waiter);
          waiter.refuse();
        }, limits.waitMs);
        if (turns.join(group, waiter)) startWaiting();
        else waiter.refuse();
      });
      try {
        return await check();
      } finally {
        running--;
        turns.end(group);
        startWaiting();
      }
    },
  };
}

function crowded(): Problem {
  return new Problem("too-many-requests", "Too many sign-ins are waiting. Try again in a few seconds.", {
    extras: { retryAfterSeconds: 5 },
  });
}
