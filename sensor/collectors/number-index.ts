// Finds elements of a long list by a key, with some bytes for each. A map takes ten times as much, and a host
// may have a hundred thousand accounts and groups.

import { grown } from "./compact-lists.ts";

const FIRST_SLOTS = 1_024;
/** Otherwise, a host could have names that are all in one slot. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** Elements have numbers from 0. `keyOf`: of an element that was added. */
export function openNumberIndex<K extends string | number>(keyOf: (nth: number) => K) {
  /** The last element of each slot, and the one before each element; -1: none. */
  let last = new Int32Array(FIRST_SLOTS).fill(-1);
  let before = new Int32Array(FIRST_SLOTS / 2);
  /** A key is looked at only if its hash is the one that is looked for. */
  let hashes = new Uint32Array(FIRST_SLOTS / 2);
  let count = 0;

  function insert(nth: number): void {
    const slot = slotOf(hashes[nth] as number, last.length);
    before[nth] = last[slot] as number;
    last[slot] = nth;
  }

  function grow(): void {
    last = new Int32Array(2 * last.length).fill(-1);
    before = new Int32Array(2 * before.length);
    hashes = grown(hashes);
    for (let nth = 0; nth < count; nth += 1) insert(nth);
  }

  return {
    /** The next element. */
    add(): void {
      if (count === before.length) grow();
      hashes[count] = hashOf(keyOf(count));
      insert(count);
      count += 1;
    },
    /** In the order in which they were added. */
    find(key: K): number[] {
      const hash = hashOf(key);
      const found: number[] = [];
      for (let nth = last[slotOf(hash, last.length)] as number; nth >= 0; nth = before[nth] as number)
        if (hashes[nth] === hash && keyOf(nth) === key) found.push(nth);
      return found.length > 1 ? found.reverse() : found;
    },
  };
}

function hashOf(key: string | number): number {
  return typeof key === "number" ? Math.imul(key ^ SEED, 0x9e3779b1) >>> 0 : Bun.hash.xxHash32(key, SEED);
}

function slotOf(hash: number, slots: number): number {
  // The high bits of a product depend on all bits of the number.
  return Math.floor((hash / 2 ** 32) * slots);
}
