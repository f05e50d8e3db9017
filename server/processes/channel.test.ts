import { expect, test } from "bun:test";
import { openChannel } from "./channel.ts";

type Answers = {
  double(input: number): number;
  fail(input: null): void;
  never(input: null): Promise<void>;
};

const answers = {
  double: (input: number) => input * 2,
  fail() {
    throw new Error("it is too late");
  },
  never: () => new Promise<void>(() => {}),
};

/** Two ends of a channel. What one writes arrives in pieces of a few bytes. */
function openPair() {
  const encoder = new TextEncoder();
  const open = () => new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 1e6 });
  const [there, back] = [open(), open()];
  const writeTo = (stream: typeof there, size: number) => {
    const writer = stream.writable.getWriter();
    const write = (text: string) => {
      const bytes = encoder.encode(text);
      for (let at = 0; at < bytes.length; at += size) void writer.write(bytes.slice(at, at + size));
    };
    return { write, end: () => writer.close() };
  };
  const [toSecond, toFirst] = [writeTo(there, 3), writeTo(back, 1_000)];
  const first = openChannel<Answers>(toSecond.write, {});
  const second = openChannel<Record<string, never>>(toFirst.write, answers);
  void second.receiveFrom(there.readable);
  return { ask: first.ask, ended: first.receiveFrom(back.readable), toFirst };
}

test("questions at the same time get their own answers", async () => {
  const { ask, toFirst } = openPair();
  toFirst.write("a line that a library prints\n");
  const asked = Array.from({ length: 50 }, (_, number) => ask("double", number));
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, number) => number * 2));
  await expect(ask("fail", null)).rejects.toThrow("it is too late");
  expect(await ask("double", 4)).toBe(8);
});

test("a question ends with the other process, or after its time", async () => {
  const { ask, ended, toFirst } = openPair();
  const late = ask("never", null, 1);
  await expect(late).rejects.toThrow("No reply to never");
  const asked = ask("never", null);
  await toFirst.end();
  await expect(asked).rejects.toThrow("has ended");
  await ended;
});
