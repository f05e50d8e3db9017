// Downloads at the same time: how many there may be, and how much of their files is in memory.
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { waitUntil } from "../../harness/wait-until.ts";
import { openListener } from "../http/listener.ts";
import { openTestReleases, SENSOR_FILE } from "../testing/test-release.ts";
import { openDownloads } from "./downloads.ts";

describe("downloads at the same time", () => {
  const BIG = new Uint8Array(20_000_000);

  async function openDownloadPort() {
    using stack = new DisposableStack();
    const releases = stack.use(openTestReleases());
    const { release } = await releases.offer({ files: { [SENSOR_FILE]: BIG } });
    const path = join(releases.dataDir, "releases/1", SENSOR_FILE);
    const file = { path, size: BIG.length, sha256: release.manifest.files[0]!.sha256, headers: {} };
    const clock = { ms: Date.now() };
    const limits = { downloads: 3, downloadsOfNetwork: 2 };
    const downloads = openDownloads({ now: () => clock.ms, limits });
    const listener = openListener({
      hostname: "127.0.0.1",
      port: 0,
      certificate: undefined,
      async fetch({ method, headers }) {
        const address = headers.get("x-from") ?? "one";
        const http = {
          method,
          path: "/",
          headers,
          address,
          replyHeaders: new Headers(),
          checkAgain: async () => {},
        };
        return await downloads
          .file(http, file)
          .catch((error) => new Response(error.code, { status: error.status }));
      },
    });
    const opened = stack.move();
    return {
      url: listener.url,
      port: listener.port,
      path,
      clock,
      async [Symbol.asyncDispose]() {
        await listener.stop();
        opened[Symbol.dispose]();
      },
    };
  }

  /** Reads the head of the reply, and then nothing. */
  const stall = (port: number, from: string) =>
    new Promise<{ status: string; end(): void }>((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-From: ${from}\r\n\r\n`);
      socket.once("data", (data) => {
        socket.pause();
        resolve({ status: data.toString("latin1").split(" ")[1]!, end: () => socket.destroy() });
      });
    });

  test("are limited for each network and in all, and readers that leave make room", async () => {
    await using open = await openDownloadPort();
    const first = await stall(open.port, "one");
    const second = await stall(open.port, "one");
    const third = await stall(open.port, "two");
    expect([first.status, second.status, third.status]).toEqual(["200", "200", "200"]);
    const refused = [await stall(open.port, "one"), await stall(open.port, "three")];
    expect(refused.map(({ status }) => status)).toEqual(["429", "429"]);
    // What has no body needs no room.
    expect((await fetch(open.url, { method: "HEAD", proxy: false as never })).status).toBe(200);
    second.end();
    await waitUntil("the reader that left has made room", async () => {
      const reply = await fetch(open.url, {
        headers: { range: "bytes=0-9", "x-from": "one" },
        proxy: false as never,
      });
      return (await reply.bytes()).length === 10;
    });
    for (const reader of [first, third, ...refused]) reader.end();
  });

  test("from the addresses of one subscriber share a limit", async () => {
    await using open = await openDownloadPort();
    const readers = [];
    for (const from of ["2001:db8:5:1::1", "2001:db8:5:2::1", "2001:db8:5:3::1", "2001:db8:6::1"])
      readers.push(await stall(open.port, from));
    expect(readers.map(({ status }) => status)).toEqual(["200", "200", "429", "200"]);
    for (const reader of readers) reader.end();
  });

  test("that a slow reader takes for an hour end, and make room", async () => {
    await using open = await openDownloadPort();
    const reply = await fetch(open.url, { headers: { "x-from": "slow" }, proxy: false as never });
    const reader = reply.body!.getReader();
    let end: unknown;
    // It takes something every minute, so it has not abandoned the download.
    for (let minutes = 0; minutes < 200 && end === undefined; minutes++) {
      open.clock.ms += 60_000;
      for (const other of ["one", "two", "three"]) (await stall(open.port, other)).end();
      const { done } = await reader.read().catch((error) => ({ done: error }));
      if (done) end = done;
    }
    expect(end).toBeInstanceOf(Error);
  });

  test("that a reader abandons make room without a word from it", async () => {
    await using open = await openDownloadPort();
    const readers = [
      await stall(open.port, "one"),
      await stall(open.port, "two"),
      await stall(open.port, "three"),
    ];
    readers.push(await stall(open.port, "four"));
    expect(readers.map(({ status }) => status)).toEqual(["200", "200", "200", "429"]);
    // The buffers of the connections are filled first.
    await waitUntil("the readers that take nothing have made room", async () => {
      open.clock.ms += 121_000;
      readers.push(await stall(open.port, "four"));
      return readers.at(-1)!.status === "200";
    });
    for (const reader of readers) reader.end();
  });

  test("are read from the disk as fast as they are taken, and no faster", async () => {
    await using open = await openDownloadPort();
    const before = process.memoryUsage.rss();
    const readers = [
      await stall(open.port, "one"),
      await stall(open.port, "two"),
      await stall(open.port, "three"),
    ];
    const whole = readers.length * BIG.length;
    expect(process.memoryUsage.rss() - before).toBeLessThan(whole / 2);
    for (const reader of readers) reader.end();
  });

  test("of a file that became shorter break off", async () => {
    await using open = await openDownloadPort();
    writeFileSync(open.path, "short");
    const reply = fetch(open.url, { proxy: false as never }).then((one) => one.bytes());
    expect(await reply.catch(() => "broken")).toBe("broken");
  });
});
