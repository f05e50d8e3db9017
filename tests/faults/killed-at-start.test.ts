// Kills the built server with SIGKILL at each sync of its first start and of its shutdown. The next start
// completes the interrupted work.
import { expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { programPath, SERVER } from "../../harness/build.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { startServer } from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { traces } from "../support/kill-at-each.ts";

const SURE_CALLS = ["fsync", "link", "unlink"];
/** The server enters the last ones on some file systems only. */
const CALLS = [...SURE_CALLS, "fdatasync", "rename"];
const MOST_KILLS = 60;
/** Without LONG_TESTS=1, it is killed at one of the first calls of one kind, both drawn at random. */
const MOST_CALLS_DRAWN = 12;
const skipped = traces ? "" : " (skipped: strace cannot trace here)";

/**
 * Runs `serve` until it is killed at its nth call, or stops it when it listens. Returns whether it was
 * killed.
 */
async function serveUntil(dataDir: string, call: string, nth: number): Promise<boolean> {
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${nth}`];
  const serve = [
    programPath(SERVER),
    "serve",
    "--data",
    dataDir,
    "--listen",
    "127.0.0.1:0",
    "--tls",
    "private",
  ];
  const child = Bun.spawn([Bun.which("strace")!, "-f", "-o", "/dev/null", ...inject, ...serve], {
    stdout: "pipe",
    stderr: "ignore",
    // A separate process group, so that a signal reaches the server. strace then ends too.
    detached: true,
  });
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (text.includes("listening on")) process.kill(-child.pid, "SIGTERM");
  }
  return (await child.exited) !== 0;
}

test.skipIf(!traces)(
  `a server killed at any sync of its first start or its shutdown starts again${skipped}`,
  async () => {
    using temporary = openTemporaryFolder("start");
    const folder = temporary.path;
    let kills = 0;
    for (const call of LONG_TESTS ? CALLS : drawSome(SURE_CALLS)) {
      const drawn = LONG_TESTS ? 1 : 1 + Math.floor(Math.random() * MOST_CALLS_DRAWN);
      let nth = drawn;
      while (nth <= MOST_KILLS) {
        const dataDir = join(folder, `${call}-${nth}`);
        const wasKilled = await serveUntil(dataDir, call, nth);
        const server = await startServer({ dataDir, logFile: join(folder, "server.log") });
        if (kills % 5 === 1) await createSuperAdmin(server, dataDir);
        expect(await server.stop()).toBe(0);
        const left = readdirSync(dataDir).filter((name) => /\.new|\.key\.\d/.test(name));
        expect({ call, nth, left }).toEqual({ call, nth, left: [] });
        rmSync(dataDir, { recursive: true });
        if (wasKilled) kills++;
        if (wasKilled && LONG_TESTS) nth++;
        // A kind with few calls is killed at the first one.
        else if (!wasKilled && nth === drawn && nth > 1) nth = 1;
        else break;
      }
    }
    expect(kills).toBeGreaterThan(LONG_TESTS ? 5 : 0);
  },
  300_000,
);
