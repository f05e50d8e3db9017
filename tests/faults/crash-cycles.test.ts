// Runs a few cycles of crash-cycles.ts, without LONG_TESTS=1 on one kind of database. For a release, set
// CRASH_CYCLES to 1000 for SQLite and to 300 for PostgreSQL. CRASH_SEED repeats a run that printed it.
// CRASH_EARLIER_SERVER is the path of an earlier build of the server, whose databases the cycles upgrade.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { drawSome } from "../../harness/long-tests.ts";
import { newSeed } from "../../harness/seeded-random.ts";

const cycles = Number(process.env.CRASH_CYCLES ?? "3");
const seed = Number(process.env.CRASH_SEED ?? newSeed());
const earlier = process.env.CRASH_EARLIER_SERVER;

for (const database of drawSome(["sqlite", "postgres"])) {
  test(
    `a server killed at any moment starts again, with everything that it acknowledged exactly once (${database})`,
    async () => {
      process.stderr.write(`CRASH_SEED=${seed}\n`);
      const script = [process.execPath, "--no-env-file", join(import.meta.dir, "crash-cycles.ts")];
      const drawn = ["--database", database, "--cycles", `${cycles}`, "--seed", `${seed}`];
      const { stdout, stderr } = await runCommand([
        ...[...script, ...drawn],
        ...(earlier ? ["--earlier-server", earlier] : []),
      ]);
      if (!stdout.startsWith("{")) throw new Error(stderr.slice(-5_000));
      const seen = JSON.parse(stdout) as { problems: string[]; acknowledged: number };
      expect({ seed, problems: seen.problems }).toEqual({ seed, problems: [] });
      expect(seen.acknowledged).toBeGreaterThan(0);
    },
    60_000 + cycles * 20_000,
  );
}
