// Limits how many passwords are checked at the same time: each check takes 19 MiB and a core for a while. The
// others wait in lines that take turns: one line per address, in turn among the lines of its network, so that
// a client that sends many attempts delays only itself. Addresses with an earlier sign-in have separate
// turns, which come first.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { AddressGroup } from "../networks.ts";
import { openTurns, type Waiter } from "./turns.ts";

export interface SignInQueueLimits {
  running: number;
  /** Of one address, and of one IPv6 network of 48 bits. */
  runningPerAddress: number;
  /** Of known addresses, and as many of unknown ones. */
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
    /** Runs `check` when it is the client's turn. Throws too-many-requests when that takes too long. */
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
