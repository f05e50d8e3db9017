// A list that is read to its end before its elements are used, and that a host can make long. The first
// elements are in memory as they are, the others as JSON outside of the runtime's heap: fifty thousand
// objects take several times the memory, keep the texts that their values were cut from, and each collection
// of garbage looks at all of them.

/** Most hosts have fewer, and they need no JSON. */
const FEW = 5_000;
const PART_BYTES = 512 * 1024;
const NEWLINE = 10;

/** The elements are values of JSON. Members that are undefined are left out. */
export function openLongList<T>() {
  const few: T[] = [];
  const parts: Buffer[] = [];
  /** Bytes in use of the last part. */
  let filled = 0;
  let count = 0;

  function store(text: string): void {
    const bytes = Buffer.byteLength(text);
    let part = parts.at(-1);
    if (part === undefined || filled + bytes + 1 > part.length) {
      // The rest of a part is not looked at.
      if (part !== undefined) parts[parts.length - 1] = part.subarray(0, filled);
      part = Buffer.allocUnsafeSlow(Math.max(bytes + 1, PART_BYTES));
      parts.push(part);
      filled = 0;
    }
    filled += part.write(text, filled);
    part[filled] = NEWLINE;
    filled += 1;
  }

  function* storedIn(part: Buffer): Generator<T> {
    for (let start = 0; start < part.length; ) {
      const end = part.indexOf(NEWLINE, start);
      yield JSON.parse(part.toString("utf8", start, end)) as T;
      start = end + 1;
    }
  }

  function* listStored(isLastUse: boolean): Generator<T> {
    for (let nth = 0; nth < parts.length; nth += 1) {
      const part = parts[nth] as Buffer;
      yield* storedIn(nth === parts.length - 1 ? part.subarray(0, filled) : part);
      if (isLastUse) parts[nth] = Buffer.alloc(0);
    }
  }

  return {
    push(element: T): void {
      count += 1;
      if (few.length < FEW) few.push(element);
      else store(JSON.stringify(element));
    },
    count: () => count,
    *[Symbol.iterator](): Generator<T> {
      yield* few;
      yield* listStored(false);
    },
    /** Yields each element, and lets go of it. */
    *drain(): Generator<T> {
      yield* few;
      few.length = 0;
      yield* listStored(true);
    },
  };
}
