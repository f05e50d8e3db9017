// Splits long synchronous work into pieces: other requests wait only a few milliseconds.
import type { Database } from "./db/schema.ts";
import { type LongWork, pace } from "./pace.ts";

/** `db`: absent outside of transactions. In one, work does not pause: other requests wait for its end. */
export function openTurns(kind: LongWork, db?: Pick<Database, "isTransaction">) {
  const turn = db?.isTransaction
    ? () => new Promise<void>((resolve) => setImmediate(resolve))
    : () => pace.turn(kind);
  let begunAt = performance.now();
  return {
    /** Returns whether it is time for `next`. */
    isOver: () => performance.now() - begunAt > pace.pieceMs(),
    /** Resolves when the next piece may run. */
    async next(): Promise<void> {
      await turn();
      begunAt = performance.now();
    },
  };
}

export type Turns = ReturnType<typeof openTurns>;
