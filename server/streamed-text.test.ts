// Replies whose reader leaves early.
import { expect, test } from "bun:test";
import { pino } from "pino";
import { waitUntil } from "../harness/wait-until.ts";
import { streamText } from "./streamed-text.ts";

test("a reader who leaves early is no error, and ends the work", async () => {
  const logged: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => void logged.push(line) });
  let ended = 0;
  async function* parts() {
    try {
      for (let number = 0; number < 1_000_000; number++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield `${number}\n`;
      }
    } finally {
      ended++;
    }
  }
  await using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response(streamText(parts(), log)),
  });
  for (let reader = 0; reader < 10; reader++) {
    const reply = await fetch(server.url);
    await reply.body!.cancel();
  }
  await waitUntil("each reply has ended", () => ended === 10);
  expect(logged).toEqual([]);
});
