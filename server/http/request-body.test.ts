import { expect, test } from "bun:test";
import { Problem } from "@attacklens/protocol/problems.ts";
import { BODY_PARTS, openBodyRoom } from "./body-room.ts";
import { leavesTooMuch, readBody } from "./request-body.ts";
import { openUserReads } from "./user-reads.ts";

async function codeOf(work: unknown): Promise<string> {
  return await Promise.resolve(work).then(
    () => "none",
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  );
}

function request(body: ReadableStream<Uint8Array>): Request {
  return new Request("http://test/", { method: "PUT", body, duplex: "half" } as RequestInit);
}

test("a slow body fails at its deadline although data still arrives, and is cancelled", async () => {
  let isCancelled = false;
  let parts = 0;
  const trickle = new ReadableStream<Uint8Array>({
    async pull(controller) {
      parts++;
      await new Promise((resolve) => setImmediate(resolve));
      if (!isCancelled) controller.enqueue(new Uint8Array([0x20]));
    },
    cancel() {
      isCancelled = true;
    },
  });
  expect(await codeOf(readBody(request(trickle), { maxBytes: 1_000_000, deadlineMs: 60 }))).toBe(
    "request-timeout",
  );
  expect(isCancelled).toBe(true);
  expect(parts).toBeGreaterThan(1);
});

test("a body that stops arriving fails at its deadline", async () => {
  const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  expect(await codeOf(readBody(request(silent), { maxBytes: 10, deadlineMs: 20 }))).toBe("request-timeout");
});

test("a body above the size limit is too large, and a body that breaks off is malformed", async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(100)),
  });
  expect(await codeOf(readBody(request(endless), { maxBytes: 1_000, deadlineMs: 5_000 }))).toBe(
    "body-too-large",
  );
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("cut")) });
  expect(await codeOf(readBody(request(broken), { maxBytes: 1_000, deadlineMs: 5_000 }))).toBe(
    "malformed-request",
  );
});

test("the connection closes after a refusal if the rest of the body is large or of unknown length", () => {
  const leaves = (headers: Record<string, string>) => leavesTooMuch(new Headers(headers));
  expect(leaves({})).toBe(false);
  expect(leaves({ "content-length": "2162688" })).toBe(false);
  expect(leaves({ "content-length": "2162689" })).toBe(true);
  expect(leaves({ "content-length": "5, 5" })).toBe(true);
  expect(leaves({ "transfer-encoding": "chunked" })).toBe(true);
});

test("the memory for bodies is limited in total and per caller, and is released afterwards", () => {
  const room = openBodyRoom();
  const { bytes, bytesOfOne } = BODY_PARTS.upload;
  const first = room.reserve("upload", "one", bytesOfOne);
  expect(() => room.reserve("upload", "one", 1)).toThrow("too-many-requests");
  const others = Array.from({ length: bytes / bytesOfOne - 1 }, (_, index) =>
    room.reserve("upload", `other ${index}`, bytesOfOne),
  );
  expect(() => room.reserve("upload", "late", 1)).toThrow("too-many-requests");
  expect(() => room.reserve("sensor", "late", 1)).not.toThrow();
  for (const one of [first, ...others]) one.release();
  expect(() => room.reserve("upload", "one", bytesOfOne)).not.toThrow();
});

test("of one user's simultaneous reads, some run, some wait, and the rest are refused", async () => {
  const reads = openUserReads({ running: 2, waiting: 2 });
  const running = await Promise.all([reads.begin("ana"), reads.begin("ana")]);
  let started = 0;
  const waiting = [1, 2].map(() =>
    reads.begin("ana").then((read) => {
      started++;
      return read;
    }),
  );
  expect(await codeOf(reads.begin("ana"))).toBe("too-many-requests");
  expect(await codeOf(reads.begin("ben"))).toBe("none");
  expect(started).toBe(0);
  for (const read of running) read.release();
  for (const read of await Promise.all(waiting)) read.release();
  expect(started).toBe(2);
  expect(await codeOf(reads.begin("ana"))).toBe("none");
});
