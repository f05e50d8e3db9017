// Runs a small fleet of fleet.ts for some seconds. For a release, set FLEET_HOSTS to 50 and FLEET_SECONDS to
// 600. FLEET_SEED repeats the faults of another run, which printed it.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { runCommand } from "../../harness/command.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { newSeed } from "../../harness/seeded-random.ts";
import { openSwitch, whyNoHosts } from "../support/hosts.ts";

const hosts = process.env.FLEET_HOSTS ?? (LONG_TESTS ? "4" : "2");
const seconds = process.env.FLEET_SECONDS ?? (LONG_TESTS ? "12" : "6");
const seed = Number(process.env.FLEET_SEED ?? newSeed());
const obstacle = whyNoHosts();

test.skipIf(obstacle !== undefined)(
  `a fleet loses nothing while servers, sensors and cables fail${obstacle ? ` (skipped: ${obstacle})` : ""}`,
  async () => {
    const name = `attacklens-${process.pid}`;
    using wires = openSwitch(name);
    process.stderr.write(`FLEET_SEED=${seed}\n`);
    const script = [process.execPath, join(import.meta.dir, "fleet.ts"), "--switch", name];
    const { stdout, stderr } = await runCommand(
      wires.command([...script, "--hosts", hosts, "--seconds", seconds, "--seed", `${seed}`]),
      // The program starts a separate PostgreSQL in the namespace, from which this one is unreachable.
      { env: { ...process.env, TEST_DATABASE_URL: undefined } },
    );
    if (!stdout.startsWith("{")) throw new Error(stderr.slice(-5_000));
    const seen = JSON.parse(stdout) as { problems: string[]; reports: number };
    expect({ seed, problems: seen.problems }).toEqual({ seed, problems: [] });
    expect(seen.reports).toBeGreaterThanOrEqual(Number(hosts));
  },
  (Number(seconds) + 240) * 1_000,
);
