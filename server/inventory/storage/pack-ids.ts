// The ids of packs, reserved in blocks, so that a pack is complete before the transaction that stores it.
import type { Database } from "../../db/schema.ts";
import { reservePackIds } from "./packs-store.ts";

/** A restart loses the rest of a block. */
const BLOCK = 256;

export function openPackIds(db: Database) {
  let [next, end] = [0, 0];
  return {
    async next(): Promise<number> {
      if (next === end) {
        next = await reservePackIds(db, BLOCK);
        end = next + BLOCK;
      }
      return next++;
    },
  };
}

export type PackIds = ReturnType<typeof openPackIds>;
