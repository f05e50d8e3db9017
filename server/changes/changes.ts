// The open streams of changes. Each console receives the topics that changed, collected for a short time, and
// keep-alives.
import type { ChangeTopic } from "@attacklens/protocol/changes.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { onChanges } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";

const LIMITS = { streams: 2_000, streamsOfUser: 20 };
/** Changes within this time are one event. */
const GATHER_MS = 200;
/** Shorter than the 60 seconds after which proxies and Bun close a silent connection. */
const SIGN_OF_LIFE_MS = 20_000;
/**
 * The client must then open a new stream and is authenticated again, so an ended session gets no more
 * changes.
 */
const MAX_LIFE_MS = 120_000;
/** Events that a slow reader has not read. */
const MAX_UNREAD = 50;

export function openChangeStreams(db: Database) {
  const streams = new Map<() => void, string>();

  function open(userId: string): ReadableStream<Uint8Array> {
    const ofUser = [...streams.values()].filter((id) => id === userId).length;
    if (streams.size >= LIMITS.streams || ofUser >= LIMITS.streamsOfUser) {
      throw new Problem("too-many-requests", "Too many streams of changes are open", {
        extras: { retryAfterSeconds: 30 },
      });
    }
    const encoder = new TextEncoder();
    let end = () => {};
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const gathered = new Set<ChangeTopic>();
          let isAnything = false;
          let gathering: Timer | undefined;
          const send = (text: string) => {
            if ((controller.desiredSize ?? 0) <= -MAX_UNREAD) return end();
            controller.enqueue(encoder.encode(text));
          };
          const stop = onChanges(db, (topics) => {
            if (topics.length === 0) isAnything = true;
            for (const topic of topics) gathered.add(topic);
            gathering ??= setTimeout(() => {
              gathering = undefined;
              const data = JSON.stringify({ topics: isAnything ? [] : [...gathered] });
              gathered.clear();
              isAnything = false;
              send(`event: change\ndata: ${data}\n\n`);
            }, GATHER_MS);
          });
          const life = setInterval(() => send(":\n\n"), SIGN_OF_LIFE_MS);
          const lifeEnd = setTimeout(() => end(), MAX_LIFE_MS);
          end = () => {
            if (!streams.delete(end)) return;
            stop();
            clearInterval(life);
            clearTimeout(lifeEnd);
            clearTimeout(gathering);
            try {
              controller.close();
            } catch {
              // The reader has closed it.
            }
          };
          streams.set(end, userId);
          // Sent at once, so that proxies and the reader see the start of the stream.
          send("retry: 1000\n\n");
        },
        cancel() {
          end();
        },
      },
      { highWaterMark: 0 },
    );
  }

  return {
    /** Server-sent events. Throws too-many-requests. */
    open,
    /** Ends every stream. */
    close(): void {
      for (const end of [...streams.keys()]) end();
    },
  };
}
