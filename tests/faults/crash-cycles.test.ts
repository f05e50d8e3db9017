// Runs cycles of crash-cycles.ts: a few on one kind of database, and with LONG_TESTS=1 more than a thousand
// kills under load on SQLite and more than two hundred on PostgreSQL, which takes an hour. CRASH_CYCLES is
// another number of cycles. CRASH_SEED repeats a run that printed it. CRASH_EARLIER_SERVER is the path of an
// earlier build of the server, whose databases the cycles upgrade.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { newSeed } from "../../harness/seeded-random.ts";

const CYCLES = LONG_TESTS ? { sqlite: 1_250, postgres: 280 } : { sqlite: 3, postgres: 3 };
const seed = Number(process.env.CRASH_SEED ?? newSeed());
const earlier = process.env.CRASH_EARLIER_SERVER;

for (const database of drawSome(["sqlite", "postgres"] as const)) {
  const cycles = Number(process.env.CRASH_CYCLES ?? CYCLES[database]);
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
