// Long lists of names and numbers, as bytes: as texts and objects they take several times the memory, and
// texts keep the file that they were cut from.

export function openNameList() {
  let bytes = Buffer.allocUnsafeSlow(4_096);
  let ends = new Uint32Array(512);
  let count = 0;
  return {
    count: () => count,
    add(name: string): void {
      const start = count === 0 ? 0 : (ends[count - 1] as number);
      const end = start + Buffer.byteLength(name);
      if (end > bytes.length) bytes = Buffer.concat([bytes], Math.max(end, 2 * bytes.length));
      if (count === ends.length) ends = grown(ends);
      bytes.write(name, start);
      ends[count] = end;
      count += 1;
    },
    /** Undefined beyond the end. */
    find(nth: number): string | undefined {
      if (nth < 0 || nth >= count) return undefined;
      return bytes.toString("utf8", nth === 0 ? 0 : ends[nth - 1], ends[nth]);
    },
  };
}

/** A list of numbers of 32 bits. */
export function openNumberList() {
  let numbers = new Uint32Array(512);
  let count = 0;
  return {
    count: () => count,
    add(number: number): void {
      if (count === numbers.length) numbers = grown(numbers);
      numbers[count] = number;
      count += 1;
    },
    /** Undefined beyond the end. */
    find: (nth: number): number | undefined => (nth < count ? numbers[nth] : undefined),
  };
}

/** Numbers that belong to others: `close` returns the values of a key, each once, in their order. */
export function openPairs() {
  const keys = openNumberList();
  const values = openNumberList();
  return {
    add(key: number, value: number): void {
      keys.add(key);
      values.add(value);
    },
    /** The keys are below `keyCount`. */
    close(keyCount: number): (key: number) => number[] {
      const starts = new Uint32Array(keyCount + 1);
      const count = keys.count();
      for (let nth = 0; nth < count; nth += 1) starts[(keys.find(nth) as number) + 1]! += 1;
      for (let key = 0; key < keyCount; key += 1) starts[key + 1]! += starts[key] as number;
      const next = starts.slice();
      const sorted = new Uint32Array(count);
      for (let nth = 0; nth < count; nth += 1) {
        const key = keys.find(nth) as number;
        sorted[next[key] as number] = values.find(nth) as number;
        next[key]! += 1;
      }
      return (key) => {
        const found: number[] = [];
        for (let nth = starts[key] as number; nth < (starts[key + 1] as number); nth += 1)
          found.push(sorted[nth] as number);
        return found.length > 1 ? [...new Set(found)] : found;
      };
    },
  };
}

/** A copy of twice the length. */
export function grown(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
