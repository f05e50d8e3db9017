// A real server process whose log and output nothing reads.
import { expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "bun";
import { waitUntil } from "../../harness/wait-until.ts";

const PROGRAM = `import { main } from ${JSON.stringify(join(import.meta.dir, "../main.ts"))};
process.exit(await main(process.argv.slice(1), []));`;

/** Runs serve. Its log and its output after the first line stay unread until the test reads them. */
async function startServe() {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-serve-"));
  // A FIFO, because Bun.spawn reads from its pipes even if the test does not.
  const fifo = join(folder, "log");
  await $`mkfifo ${fifo}`;
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY);
  const args = ["serve", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"];
  const child = Bun.spawn([process.execPath, "-e", PROGRAM, ...args], {
    env: { PATH: process.env.PATH, ATTACKLENS_LOG_LEVEL: "debug" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: writer,
  });
  closeSync(writer);
  const output = child.stdout.getReader();
  const first = new TextDecoder().decode((await output.read()).value);
  const url = /listening on (\S+)/.exec(first)?.[1];
  return {
    get: (path: string) => fetch(`${url}${path}`, { proxy: false as never }),
    /** Starts to read the log. */
    readLog() {
      const { stdout } = Bun.spawn(["cat", fifo], { stdout: "pipe" });
      let text = "";
      const whole = (async () => {
        for await (const part of stdout.pipeThrough(new TextDecoderStream())) text += part;
        return text;
      })();
      return { soFar: () => text, whole };
    },
    closeLog: () => closeSync(reader),
    async stop() {
      child.kill("SIGTERM");
      return await child.exited;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Each request writes two lines to the log. */
async function sendRefused(server: Awaited<ReturnType<typeof startServe>>, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 100) {
    const replies = Array.from({ length: 100 }, () => server.get("/api/v1/nothing"));
    for (const reply of await Promise.all(replies)) expect(reply.status).toBe(404);
  }
}

test("an unread log does not block the server, and later shows how many lines were dropped", async () => {
  await using server = await startServe();
  await sendRefused(server, 6_000);
  const log = server.readLog();
  expect((await server.get("/readyz")).status).toBe(200);
  // A server that stops before its log is read drops its last line too.
  await waitUntil("the log is read up to the dropped lines", () => log.soFar().includes('"dropped":'));
  expect(await server.stop()).toBe(0);
  const lines = (await log.whole).trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as { msg: string; dropped?: number });
  expect(entries[0]).toMatchObject({ msg: "started", config: expect.anything() });
  expect(entries.flatMap(({ dropped }) => dropped ?? [])).not.toEqual([]);
  expect(entries.at(-1)).toMatchObject({ msg: "stopped" });
}, 120_000);

test("a server with an unread log and output stops on SIGTERM", async () => {
  await using server = await startServe();
  await sendRefused(server, 1_000);
  expect(await server.stop()).toBe(0);
}, 120_000);

test("the server continues when the reader of its log closes it", async () => {
  await using server = await startServe();
  server.closeLog();
  await sendRefused(server, 300);
  expect((await server.get("/readyz")).status).toBe(200);
  expect(await server.stop()).toBe(0);
}, 120_000);
