// Updates of an installed sensor under a real systemd: a power failure at a random point, then a release that
// crashes. With LONG_TESTS=1, on three releases of Debian.
import { expect, test } from "bun:test";
import { DEBIAN_RELEASES, type DebianRelease } from "../../harness/debian-tree.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { newSeed, seededRandom } from "../../harness/seeded-random.ts";
import { reach } from "../support/offering-server.ts";
import { whyNoSystemd } from "../support/systemd-host.ts";
import { openUpdateBench } from "../support/update-bench.ts";
import { updatePoints } from "../support/update-points.ts";

const RELEASES: readonly DebianRelease[] = LONG_TESTS ? DEBIAN_RELEASES : ["bookworm"];
const [OLD, NEW, CRASHING] = ["9999.1.0", "9999.2.0", "9999.3.0"] as const;
const reason = whyNoSystemd();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
/** The links, the record and the start of a trial take less. */
const SWAP_MS = 120;

test.skipIf(reason !== undefined).each([...RELEASES])(
  `on %s, an update survives a power failure, and a release that crashes is rolled back${skipped}`,
  async (release) => {
    await using bench = await openUpdateBench(release, OLD);
    const { host, server } = bench;
    const seed = newSeed();
    const random = seededRandom(seed);
    const points = updatePoints(NEW);
    const point = points[Math.floor(random() * points.length)]!;
    console.log(`seed ${seed}: power failure ${point.name}`);

    const reached = reach(server, point);
    await bench.offerGood(NEW);
    const go = await reached;
    if (point.when === "after") await Bun.sleep(random() * SWAP_MS);
    await host.cutPower();
    go();
    await host.boot();
    await bench.waitForState(NEW, "done");
    await bench.waitForStable(NEW);
    expect(await bench.linkOf("trial")).toBeUndefined();
    expect(await bench.linkOf("previous")).toBe(OLD);

    bench.offer({ version: CRASHING, program: bench.bad(CRASHING, "exit 7") });
    const { reason } = await bench.waitForState(CRASHING, "rolled-back");
    expect(reason).toBe("it ended with exit code 7");
    await bench.waitForStable(NEW);
    expect((await host.run(["systemctl", "is-system-running"])).stdout).toBe("running\n");
  },
  600_000,
);
