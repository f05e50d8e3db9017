// Finds elements of a long list by a key, with some bytes for each. A map takes ten times as much, and a host
// may have a hundred thousand accounts and groups.

const FIRST_SLOTS = 1_024;
/** Otherwise, a host could have names that are all in one slot. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** Elements have numbers from 0. `keyOf`: of an element that was added. */
export function openNumberIndex<K extends string | number>(keyOf: (nth: number) => K) {
  /** The last element of each slot, and the one before each element; -1: none. */
  let last = new Int32Array(FIRST_SLOTS).fill(-1);
  let before = new Int32Array(FIRST_SLOTS / 2);
  let count = 0;

  function insert(nth: number): void {
    const slot = slotOf(keyOf(nth), last.length);
    before[nth] = last[slot] as number;
    last[slot] = nth;
  }

  function grow(): void {
    last = new Int32Array(2 * last.length).fill(-1);
    before = new Int32Array(2 * before.length);
    for (let nth = 0; nth < count; nth += 1) insert(nth);
  }

  return {
    /** The next element. */
    add(): void {
      if (count === before.length) grow();
      insert(count);
      count += 1;
    },
    /** In the order in which they were added. */
    find(key: K): number[] {
      const found: number[] = [];
      for (let nth = last[slotOf(key, last.length)] as number; nth >= 0; nth = before[nth] as number)
        if (keyOf(nth) === key) found.push(nth);
      return found.reverse();
    },
  };
}

function slotOf(key: string | number, slots: number): number {
  const hash =
    typeof key === "number" ? Math.imul(key ^ SEED, 0x9e3779b1) >>> 0 : Bun.hash.xxHash32(key, SEED);
  // The high bits of a product depend on all bits of the number.
  return Math.floor((hash / 2 ** 32) * slots);
}
