// The open streams of changes. Each console receives the topics that changed, collected for a short time, and
// keep-alives. A stream ends when its user is no longer authorized as at its start.
import type { ChangeTopic } from "@attacklens/protocol/changes.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { User } from "../caller.ts";
import { onChanges } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";

const LIMITS = { streams: 2_000, streamsOfUser: 20 };
/** Changes within this time are one event. */
const GATHER_MS = 200;
/**
 * How often streams without an event are checked. A command on the server host can change a user in the
 * SQLite database without the server's notice.
 */
const CHECK_EVERY_MS = 5_000;
/** Shorter than the 60 seconds after which proxies and Bun close a silent connection. */
const SIGN_OF_LIFE_MS = 20_000;
/** The client must then open a new stream and is authenticated again. */
const MAX_LIFE_MS = 120_000;
/** Events that a slow reader has not read. */
const MAX_UNREAD = 50;

/** Returns those of the callers who are still authorized with the same role. */
type ListAuthorized = (callers: User[]) => Promise<Set<User>>;

export function openChangeStreams(db: Database, listAuthorized: ListAuthorized) {
  const streams = new Map<() => void, User>();
  let checks: Timer | undefined;
  const check = onceAtATime(async () => {
    const checked = [...streams];
    const authorized = await listAuthorized(checked.map(([, user]) => user));
    for (const [end, user] of checked) if (!authorized.has(user)) end();
  });

  function open(user: User): ReadableStream<Uint8Array> {
    const ofUser = [...streams.values()].filter(({ id }) => id === user.id).length;
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
          const gather = () => {
            gathering ??= setTimeout(() => void sendGathered(), GATHER_MS);
          };
          /** Sends a change only after a check that began after the change. */
          const sendGathered = async () => {
            const topics = isAnything ? [] : [...gathered];
            gathered.clear();
            isAnything = false;
            const isChecked = await check().then(
              () => true,
              () => false,
            );
            if (!streams.has(end)) return;
            gathering = undefined;
            if (isChecked) send(`event: change\ndata: ${JSON.stringify({ topics })}\n\n`);
            // The database did not reply. The next check may succeed.
            else isAnything = true;
            if (isAnything || gathered.size > 0) gather();
          };
          const stop = onChanges(db, (topics) => {
            if (topics.length === 0) isAnything = true;
            for (const topic of topics) gathered.add(topic);
            gather();
          });
          const life = setInterval(() => send(":\n\n"), SIGN_OF_LIFE_MS);
          const lifeEnd = setTimeout(() => end(), MAX_LIFE_MS);
          end = () => {
            if (!streams.delete(end)) return;
            stop();
            clearInterval(life);
            clearTimeout(lifeEnd);
            clearTimeout(gathering);
            if (streams.size === 0) checks = void clearInterval(checks);
            try {
              controller.close();
            } catch {
              // The reader has closed it.
            }
          };
          streams.set(end, user);
          checks ??= setInterval(() => void check().catch(() => undefined), CHECK_EVERY_MS);
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

/**
 * Returns a function whose result is that of a run which began after the call. Calls during a run share the
 * next one.
 */
function onceAtATime(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= last
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        last = work();
        return last;
      });
    return next;
  };
}
