// The keys of a long list, to count each once: their hashes, in a table that takes 8 bytes for a slot. As
// texts in a set, half a million keys take more memory than a collector may.

/** More keys are taken for new ones. */
const MAX_KEYS = 500_000;
const FIRST_SLOTS = 4_096;

export function openSeenKeys() {
  /** Two hashes for each slot; two zeros: free. */
  let slots = new Uint32Array(2 * FIRST_SLOTS);
  let count = 0;

  /** False if the hashes are in the table. */
  function insert(high: number, low: number): boolean {
    const mask = slots.length / 2 - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      if (slots[2 * slot] === 0 && slots[2 * slot + 1] === 0) {
        slots[2 * slot] = high;
        slots[2 * slot + 1] = low;
        return true;
      }
      if (slots[2 * slot] === high && slots[2 * slot + 1] === low) return false;
    }
  }

  function grow(): void {
    const old = slots;
    slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2)
      if (old[at] !== 0 || old[at + 1] !== 0) insert(old[at] as number, old[at + 1] as number);
  }

  return {
    /** False if the key was added before. */
    add(key: string): boolean {
      if (count >= MAX_KEYS) {
        count += 1;
        return true;
      }
      // Two zeros mean a free slot.
      const high = Bun.hash.xxHash32(key, 1) || 1;
      if (!insert(high, Bun.hash.xxHash32(key, 2))) return false;
      count += 1;
      if (4 * count > slots.length) grow();
      return true;
    },
    count: () => count,
  };
}
