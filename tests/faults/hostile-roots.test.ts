// Hosts that are made to hang, slow down or fill a collector: `collect` of the built program ends in time and
// within its memory, and one category costs no other one. As root and as an ordinary user.
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { type HostileRoot, hostileRoots, makeHost } from "../support/hostile-roots.ts";
import { runMeasured } from "../support/measured-command.ts";

setDefaultTimeout(60_000);

const MAX_MS = 12_000;
const MAX_BYTES = 150 * 1024 * 1024;
/** Other tests run at the same time in the short form, so that a process is ended later. */
const SHARED_MS = 30_000;
const SHARED_BYTES = 200 * 1024 * 1024;

const isLinux = process.platform === "linux";
const isRoot = process.getuid?.() === 0;
const canBeUser = isRoot && Bun.which("setpriv") !== null;
const skipped = isLinux ? "" : " (skipped: the limits are measured on Linux)";
const USERS: Record<string, string[]> = {
  ...(isRoot ? { root: [] } : {}),
  "an ordinary user": canBeUser ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [],
};

const cases = Object.entries(USERS).flatMap(([user, through]) =>
  hostileRoots(through.length === 0 && isRoot).map((host) => ({ user, through, host })),
);

beforeAll(() => expect(cases.length).toBeGreaterThan(10));

test.skipIf(!isLinux).each(drawSome(cases, 6).map((one) => [one.host.name, one.user, one] as const))(
  `%s costs no category but its own, as %s${skipped}`,
  async (_name, _user, { through, host }) => {
    using folder = openTemporaryFolder("hostile");
    const { path: root } = folder;
    chmodSync(root, 0o755);
    makeHost(root);
    host.make(root);
    const command = [...through, programPath(SENSOR), "collect", "--json", "--all", "--root", root];
    const { code, stdout, stderr, elapsedMs, peakBytes } = await runMeasured(command);
    expect({ stderr, hasCode: [0, 16].includes(code) }).toEqual({ stderr: "", hasCode: true });
    expectResults(JSON.parse(stdout), host);
    expect(elapsedMs).toBeLessThan(LONG_TESTS ? MAX_MS : SHARED_MS);
    expect(peakBytes).toBeLessThan(LONG_TESTS ? MAX_BYTES : SHARED_BYTES);
  },
);

function expectResults(
  results: Record<string, { status: string; reason?: string }>,
  host: HostileRoot,
): void {
  expect(Object.keys(results)).toEqual([...CATEGORIES]);
  for (const [category, { status, reason }] of Object.entries(results)) {
    const hasReason = status === "collected" || status === "unsupported" || Boolean(reason);
    expect({ category, hasReason }).toEqual({ category, hasReason: true });
    if (host.unharmed?.includes(category))
      expect({ category, status }).toEqual({ category, status: "collected" });
  }
}
