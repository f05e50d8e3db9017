// Replies that are written while they are sent. The next part is made when the reader has taken the last one,
// and none after the reader has left.
import type { Logger } from "pino";

export function streamText(parts: AsyncIterator<string>, log: Logger): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isLeft = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await parts.next();
          if (isLeft) return;
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (error) {
          log.error({ err: error }, "a reply ended early");
          // The reader sees an incomplete reply.
          controller.error(error);
        }
      },
      async cancel() {
        isLeft = true;
        await parts.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** JSON lines. */
export async function* jsonLines(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}
