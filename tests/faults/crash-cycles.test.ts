// The cycles of crash-cycles.ts, a few of them; CRASH_CYCLES makes them what a release is judged by: 1000 on SQLite and 300 on
// PostgreSQL. CRASH_SEED repeats the course of another run, which printed it; CRASH_EARLIER_SERVER names the program of an earlier
// build, whose databases are upgraded then.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { newSeed } from "../../harness/seeded-random.ts";

const cycles = Number(process.env.CRASH_CYCLES ?? "3");
const seed = Number(process.env.CRASH_SEED ?? newSeed());
const earlier = process.env.CRASH_EARLIER_SERVER;

for (const database of ["sqlite", "postgres"]) {
  test(
    `a server killed at any moment starts again, with what it acknowledged and nothing twice (${database})`,
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
