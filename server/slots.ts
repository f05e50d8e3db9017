// Limits what PostgreSQL does for long work while many sensors check in: of each kind, one statement or
// transaction at a time, and a pause after each. Its processes compete for the cores with the commit of
// check-ins, and each check-in waits for that commit.
import type { LongWork, Loop } from "./pace.ts";

/**
 * A slot that is used for longer is free again for others, so that a slow statement blocks only itself, and
 * work that needs a second slot gets it.
 */
export const LONGEST_MS = 250;

interface Line {
  waiting: ((release: () => void) => void)[];
  isTaken: boolean;
  isPausing: boolean;
  mayStartAt: number;
}

export interface SlotsOptions extends Pick<Loop, "now" | "later"> {
  /** The present length of a pause, as a multiple of the use before it. 0: there is no limit. */
  pauseRatio: () => number;
}

export function openSlots({ now, later, pauseRatio }: SlotsOptions) {
  const lines = new Map<LongWork, Line>();

  function lineOf(kind: LongWork): Line {
    const found = lines.get(kind);
    if (found) return found;
    const line = { waiting: [], isTaken: false, isPausing: false, mayStartAt: 0 };
    lines.set(kind, line);
    return line;
  }

  function admit(line: Line): void {
    if (pauseRatio() === 0) {
      for (const start of line.waiting.splice(0)) start(() => {});
      return;
    }
    if (line.isTaken || line.isPausing || line.waiting.length === 0) return;
    const pauseMs = line.mayStartAt - now();
    if (pauseMs <= 0) {
      line.waiting.shift()!(take(line));
      return;
    }
    line.isPausing = true;
    later(() => {
      line.isPausing = false;
      admit(line);
    }, pauseMs);
  }

  function take(line: Line): () => void {
    const takenAt = now();
    let isReleased = false;
    line.isTaken = true;
    function release(): void {
      if (isReleased) return;
      isReleased = true;
      line.isTaken = false;
      line.mayStartAt = now() + (now() - takenAt) * pauseRatio();
      admit(line);
    }
    later(release, LONGEST_MS);
    return release;
  }

  return {
    /** Resolves when a statement or transaction may begin. Returns a function to call at its end. */
    slot(kind: LongWork): Promise<() => void> {
      return new Promise((resolve) => {
        const line = lineOf(kind);
        line.waiting.push(resolve);
        admit(line);
      });
    },
  };
}
