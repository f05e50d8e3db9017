// Writes lines to standard error or output without blocking the program. If the reader stalls, lines are
// buffered up to a limit. Further lines are dropped, counted, and reported in their place.

/** A stream of `process`. It calls `done` when the text was written or the write failed. */
export interface TextStream {
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface BoundedOutput {
  /** Writes one line, including its line break. */
  write(line: string): void;
  /** Calls `done` when everything is written, if that fails, or at the deadline. */
  flush(done: () => void): void;
  /** The number of dropped lines since the start. */
  droppedLines(): number;
}

export interface BoundedOutputOptions {
  stream: TextStream;
  /** Formats the line that reports the dropped lines. */
  droppedLine: (count: number) => string;
  maxBufferedChars?: number;
  flushMs?: number;
}

/** Maximum text in one write: about the size of a pipe. */
const MAX_CHUNK_CHARS = 65_536;

export function openBoundedOutput({
  stream,
  droppedLine,
  maxBufferedChars = 1_048_576,
  flushMs = 2_000,
}: BoundedOutputOptions): BoundedOutput {
  const waiting: string[] = [];
  let waitingChars = 0;
  /** The dropped lines that are not reported yet. */
  let dropped = 0;
  let droppedLines = 0;
  let isWriting = false;
  let flushed: (() => void)[] = [];
  // A closed pipe or a full disk. The callback of each write reports it too.
  stream.on("error", () => {});

  function add(line: string): void {
    waiting.push(line);
    waitingChars += line.length;
  }

  function drop(count: number): void {
    dropped += count;
    droppedLines += count;
  }

  function addDropped(): void {
    const count = dropped;
    dropped = 0;
    add(droppedLine(count));
  }

  function writeWaiting(): void {
    if (isWriting || waiting.length === 0) return;
    let count = 0;
    let chars = 0;
    while (count < waiting.length && (count === 0 || chars + waiting[count]!.length <= MAX_CHUNK_CHARS))
      chars += waiting[count++]!.length;
    const chunk = waiting.splice(0, count);
    waitingChars -= chars;
    isWriting = true;
    stream.write(chunk.join(""), (error) => {
      isWriting = false;
      if (error) drop(count);
      else if (waiting.length === 0 && dropped > 0) addDropped();
      writeWaiting();
      if (!isWriting) endFlush();
    });
  }

  function endFlush(): void {
    const all = flushed;
    flushed = [];
    for (const done of all) done();
  }

  return {
    write(line) {
      if (waitingChars + line.length > maxBufferedChars) {
        drop(1);
        return;
      }
      if (dropped > 0) addDropped();
      add(line);
      writeWaiting();
    },
    flush(done) {
      if (!isWriting) return done();
      const deadline = setTimeout(endFlush, flushMs);
      flushed.push(() => {
        clearTimeout(deadline);
        done();
      });
    },
    droppedLines: () => droppedLines,
  };
}
