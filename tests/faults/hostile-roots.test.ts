// Hosts that are made to hang, slow down or fill a collector: `collect` of the built program ends in time and
// within its memory, and one category costs no other one. As root and as an ordinary user.
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { findFastFolder } from "../../harness/fast-folder.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { type HostileRoot, hostileRoots, makeHost } from "../support/hostile-roots.ts";
import { LONG_LIST_ROOTS } from "../support/long-lists.ts";
import { runMeasured } from "../support/measured-command.ts";

setDefaultTimeout(60_000);
const LONG_LIST_TIMEOUT_MS = 180_000;
const LONG_LIST_BYTES = 2 * 1024 ** 3;

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

test.skipIf(!isLinux).each(drawSome(cases, 3).map((one) => [one.host.name, one.user, one] as const))(
  `%s costs no category but its own, as %s${skipped}`,
  async (_name, _user, { through, host }) => {
    using folder = openTemporaryFolder("hostile");
    makeRoot(folder.path, host);
    await expectCollected(folder.path, host, through);
  },
);

// The files of a long list take longer to make than to collect, so that both users collect the same ones.
const longLists = LONG_LIST_ROOTS.filter(({ hasFewFiles }) => LONG_TESTS || hasFewFiles);

test.skipIf(!isLinux).each(drawSome(longLists, 1).map((host) => [host.name, host] as const))(
  `%s cost no category but their own${skipped}`,
  async (_name, host) => {
    using folder = openTemporaryFolder("long-list", findFastFolder(LONG_LIST_BYTES));
    makeRoot(folder.path, host);
    for (const [, through] of drawSome(Object.entries(USERS), 1))
      await expectCollected(folder.path, host, through);
  },
  LONG_LIST_TIMEOUT_MS,
);

function makeRoot(root: string, host: HostileRoot): void {
  chmodSync(root, 0o755);
  makeHost(root);
  host.make(root);
}

async function expectCollected(root: string, host: HostileRoot, through: readonly string[]): Promise<void> {
  const command = [...through, programPath(SENSOR), "collect", "--json", "--all", "--root", root];
  const { code, stdout, stderr, elapsedMs, peakBytes } = await runMeasured(command);
  expect({ stderr, hasCode: [0, 16].includes(code) }).toEqual({ stderr: "", hasCode: true });
  expectResults(JSON.parse(stdout), host);
  expect(elapsedMs).toBeLessThan(LONG_TESTS ? MAX_MS : SHARED_MS);
  expect(peakBytes).toBeLessThan(LONG_TESTS ? MAX_BYTES : SHARED_BYTES);
}

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
