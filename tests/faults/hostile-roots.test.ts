// Hosts that are made to hang, slow down or fill a collector: `collect` of the built program ends in time and
// within its memory, and one category costs no other one. As root and as an ordinary user.
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { type HostileRoot, hostileRoots, makeHost } from "../support/hostile-roots.ts";
import { LONG_LIST_ROOTS } from "../support/long-lists.ts";
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

/** As one user: what one of them reads, the other reads, too. */
const longLists = LONG_LIST_ROOTS.map((host) => ({ user: "root or this user", through: [], host }));
const cases = Object.entries(USERS).flatMap(([user, through]) =>
  hostileRoots(through.length === 0 && isRoot).map((host) => ({ user, through, host })),
);

beforeAll(() => expect(cases.length).toBeGreaterThan(10));

const drawn = [...drawSome(cases, 3), ...drawSome(longLists, 1)];

test.skipIf(!isLinux).each(drawn.map((one) => [one.host.name, one.user, one] as const))(
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

interface Result {
  status: string;
  reason?: string;
  items?: unknown[];
  totalItems?: number;
  gaps?: { subject: string }[];
}

function expectResults(results: Record<string, Result>, host: HostileRoot): void {
  expect(Object.keys(results)).toEqual([...CATEGORIES]);
  for (const [category, count] of Object.entries(host.counts ?? {})) {
    const result = results[category];
    if (isLate(result)) continue;
    const listed = result?.items?.length ?? 0;
    const expected = { category, status: "collected", count, listed: Math.min(count, MAX_ITEMS) };
    expect({ category, status: result?.status, count: result?.totalItems ?? listed, listed }).toEqual(
      expected,
    );
  }
  for (const [category, subject] of Object.entries(host.gaps ?? {}))
    if (!isLate(results[category]))
      expect(results[category]?.gaps).toContainEqual(expect.objectContaining({ subject }));
  for (const [category, { status, reason }] of Object.entries(results)) {
    const hasReason = status === "collected" || status === "unsupported" || Boolean(reason);
    expect({ category, hasReason }).toEqual({ category, hasReason: true });
    if (host.unharmed?.includes(category))
      expect({ category, status }).toEqual({ category, status: "collected" });
  }
}

/** Beside other tests, a collector has less of the processor. Then it says that it took too long. */
function isLate(result: Result | undefined): boolean {
  if (LONG_TESTS) return false;
  return [result?.reason, ...(result?.gaps ?? []).map((gap) => JSON.stringify(gap))].some((text) =>
    text?.includes(" seconds"),
  );
}
