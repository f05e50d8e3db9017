import { expect, test } from "bun:test";
import { openBoundedOutput } from "./bounded-output.ts";

/** A stream whose reader accepts one write for each call of `take`. */
function openStalled() {
  const written: string[] = [];
  const pending: ((error?: Error) => void)[] = [];
  return {
    written,
    stream: {
      write(text: string, done: (error?: Error) => void) {
        written.push(text);
        pending.push(done);
      },
      on() {},
    },
    take: (error?: Error) => pending.shift()?.(error),
    pending: () => pending.length,
  };
}

const droppedLine = (count: number) => `dropped ${count}\n`;

test("a stalled reader receives the buffered lines, then the number of dropped lines, then later lines", () => {
  const reader = openStalled();
  const output = openBoundedOutput({ stream: reader.stream, droppedLine, maxBufferedChars: 10 });
  for (let line = 1; line <= 9; line++) output.write(`${line}---\n`);
  expect(reader.pending()).toBe(1);
  reader.take();
  output.write("a---\n");
  while (reader.pending() > 0) reader.take();
  output.write("b---\n");
  expect(reader.written.join("")).toBe("1---\n2---\n3---\ndropped 6\na---\nb---\n");
  expect(output.droppedLines()).toBe(6);
});

test("writes the number of dropped lines even if no line follows", () => {
  const reader = openStalled();
  const output = openBoundedOutput({ stream: reader.stream, droppedLine, maxBufferedChars: 10 });
  for (let line = 1; line <= 5; line++) output.write(`${line}---\n`);
  while (reader.pending() > 0) reader.take();
  expect(reader.written.join("")).toBe("1---\n2---\n3---\ndropped 2\n");
});

test("counts lines that could not be written, and does not retry a closed stream until the next line", () => {
  const reader = openStalled();
  const output = openBoundedOutput({ stream: reader.stream, droppedLine });
  output.write("1\n");
  output.write("2\n");
  for (let tries = 0; tries < 10; tries++) reader.take(new Error("EPIPE"));
  expect(reader.written).toEqual(["1\n", "2\n"]);
  output.write("3\n");
  reader.take();
  expect(reader.written.join("")).toBe("1\n2\ndropped 2\n3\n");
});

test("a flush ends when all lines are written, or at its deadline", async () => {
  const reader = openStalled();
  const output = openBoundedOutput({ stream: reader.stream, droppedLine, flushMs: 20 });
  const flush = () => new Promise<void>((resolve) => output.flush(resolve));
  await flush();
  output.write("1\n");
  output.write("2\n");
  let isFlushed = false;
  const written = flush().then(() => {
    isFlushed = true;
  });
  reader.take();
  expect(isFlushed).toBe(false);
  reader.take();
  await written;
  output.write("3\n");
  await flush();
});
