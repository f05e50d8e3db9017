// Lets a few passwords be checked at once, each of which costs 19 MiB and a core for a while. The others wait in a line for each
// address, and the lines take turns: who sends many waits behind themselves, not before everybody else.
import { Problem } from "@attacklens/protocol/problems.ts";

export interface SignInQueueLimits {
  running: number;
  runningPerAddress: number;
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

interface Waiter {
  start(): void;
  refuse(): void;
}

interface Line {
  running: number;
  waiting: Waiter[];
}

export function openSignInQueue(limits: SignInQueueLimits = LIMITS) {
  const lines = new Map<string, Line>();
  let running = 0;
  let waiting = 0;

  function startWaiting(): void {
    for (const [address, line] of [...lines]) {
      if (running >= limits.running) return;
      if (line.waiting.length === 0 || line.running >= limits.runningPerAddress) continue;
      // A Map keeps insertion order: whose turn it was goes to the end.
      lines.delete(address);
      lines.set(address, line);
      running++;
      line.running++;
      waiting--;
      line.waiting.shift()!.start();
    }
  }

  /** A full house sends away the last of the longest line. */
  function makeRoom(): void {
    if (waiting < limits.waiting) return;
    const longest = [...lines.values()].reduce((a, b) => (b.waiting.length > a.waiting.length ? b : a));
    waiting--;
    longest.waiting.pop()!.refuse();
  }

  function forget(address: string, line: Line): void {
    const empty = line.running === 0 && line.waiting.length === 0;
    if (empty && lines.get(address) === line) lines.delete(address);
  }

  function turn(line: Line): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = () => {
        clearTimeout(deadline);
        reject(crowded());
      };
      const start = () => {
        clearTimeout(deadline);
        resolve();
      };
      const waiter = { start, refuse };
      const deadline = setTimeout(() => {
        waiting--;
        line.waiting.splice(line.waiting.indexOf(waiter), 1);
        refuse();
      }, limits.waitMs);
      waiting++;
      line.waiting.push(waiter);
      startWaiting();
    });
  }

  return {
    /** Runs `check` when it is the address's turn. Throws too-many-requests when that takes too long. */
    async run<T>(address: string, check: () => Promise<T>): Promise<T> {
      const line = lines.get(address) ?? { running: 0, waiting: [] };
      if (line.waiting.length >= limits.waitingPerAddress) throw crowded();
      lines.set(address, line);
      makeRoom();
      try {
        await turn(line);
      } catch (error) {
        forget(address, line);
        throw error;
      }
      try {
        return await check();
      } finally {
        running--;
        line.running--;
        forget(address, line);
        startWaiting();
      }
    },
  };
}

function crowded(): Problem {
  return new Problem(
    "too-many-requests",
    "Many people are signing in at this moment; possible again in a few seconds",
    {
      extras: { retryAfterSeconds: 5 },
    },
  );
}
