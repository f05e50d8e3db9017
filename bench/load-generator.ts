// A separate program that sends prepared requests, so that a measurement does not count its work. Reads a
// LoadPlan from the file that its argument names, and prints a LoadResult.
//
// It writes bytes to sockets because `fetch` costs several times what the measured server does.
import { readFileSync } from "node:fs";
import type { Socket } from "bun";
import type { LoadPlan, LoadResult } from "./load.ts";
import { hasWholeReply, isSuccess } from "./replies.ts";

interface Connection {
  /** The due requests of this connection, by number. */
  queue: number[];
  /** The time at which the pending request was due; undefined: none is pending. */
  dueAt: number | undefined;
  socket: Socket<undefined> | undefined;
  /** The part of a reply that has arrived. */
  received: Buffer;
}

const EMPTY = Buffer.alloc(0);

const plan = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as LoadPlan;
const requests = splitRequests(readFileSync(plan.requestsFile), plan.lengths);
const connections = Array.from(
  { length: plan.connections },
  (): Connection => ({ queue: [], dueAt: undefined, socket: undefined, received: EMPTY }),
);
const waitsMs: number[] = [];
const failures: string[] = [];
const finished = Promise.withResolvers<void>();
let [next, pending, hasEnded] = [0, 0, false];

if (!plan.closing) for (const connection of connections) await open(connection);
const startedAt = performance.now();
const endsAt = startedAt + plan.seconds * 1000;
if (plan.perSecond === undefined) for (const connection of connections) sendNext(connection);
else sendWhenDue(plan.perSecond);
await finished.promise;
console.log(JSON.stringify(result()));
process.exit(0);

/** Saturates: a connection sends its next request when it has the reply to the one before. */
function sendNext(connection: Connection): void {
  const now = performance.now();
  if (now >= endsAt || isUsedUp(next)) end();
  else send(connection, next++, now);
}

/**
 * An open loop: requests are due at a fixed rate, whether or not the server keeps up. Each connection has its
 * part of them, in order, so that the requests of one sensor do not overtake each other.
 */
function sendWhenDue(perSecond: number): void {
  const timer = setInterval(() => {
    const now = Math.min(performance.now(), endsAt);
    for (; startedAt + (next / perSecond) * 1000 <= now && !isUsedUp(next); next++) {
      const connection = connections[next % connections.length]!;
      connection.queue.push(next);
      if (connection.dueAt === undefined) sendQueued(connection, perSecond);
    }
    if (now < endsAt && !isUsedUp(next)) return;
    clearInterval(timer);
    end();
  }, 1);
}

function sendQueued(connection: Connection, perSecond: number): void {
  const number = connection.queue.shift();
  if (number !== undefined) send(connection, number, startedAt + (number / perSecond) * 1000);
}

function send(connection: Connection, number: number, dueAt: number): void {
  connection.dueAt = dueAt;
  pending++;
  const request = requests[number % requests.length]!;
  if (connection.socket) write(connection.socket, request);
  else open(connection).then((socket) => write(socket, request), stop);
}

function write(socket: Socket<undefined>, request: Buffer): void {
  const written = socket.write(request);
  // Requests are far smaller than the buffer of a socket.
  if (written !== request.length) stop(new Error(`a socket took ${written} of ${request.length} bytes`));
}

async function open(connection: Connection): Promise<Socket<undefined>> {
  connection.socket = await Bun.connect({
    hostname: plan.hostname,
    port: plan.port,
    socket: {
      data(_socket, bytes) {
        const hasPart = connection.received.length > 0;
        connection.received = hasPart ? Buffer.concat([connection.received, bytes]) : bytes;
        if (!plan.closing && hasWholeReply(connection.received)) replied(connection);
      },
      close() {
        connection.socket = undefined;
        if (plan.closing) replied(connection);
        else stop(new Error("the server closed a connection"));
      },
      error: (_socket, error) => stop(error),
    },
  });
  return connection.socket;
}

function replied(connection: Connection): void {
  const isFailure = plan.closing ? connection.received.length === 0 : !isSuccess(connection.received);
  if (isFailure) failures.push(connection.received.toString());
  connection.received = EMPTY;
  waitsMs.push(performance.now() - connection.dueAt!);
  connection.dueAt = undefined;
  pending--;
  if (plan.perSecond === undefined) sendNext(connection);
  else sendQueued(connection, plan.perSecond);
  if (hasEnded) end();
}

function end(): void {
  hasEnded = true;
  if (pending === 0) finished.resolve();
}

function stop(error: Error): void {
  console.error(`error: ${error.message}`);
  process.exit(1);
}

function isUsedUp(number: number): boolean {
  return number >= requests.length && !plan.repeat;
}

function result(): LoadResult {
  const sorted = waitsMs.toSorted((left, right) => left - right);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return {
    count: waitsMs.length,
    seconds: (performance.now() - startedAt) / 1000,
    ...{ p50Ms: at(0.5), p99Ms: at(0.99), longestMs: at(1) },
    failures: failures.length,
    firstFailure: failures[0],
  };
}

function splitRequests(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
}
