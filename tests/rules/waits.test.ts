// CONTRIBUTING.md, "Tests": no test waits for a fixed time. It is too short on a slow machine and too long on
// others.
import { test } from "bun:test";
import { expectNone, linesMatching, SOURCES } from "./sources.ts";

/** Files whose purpose needs a pause, with the reason why no condition can replace it. */
const EXCEPTIONS: Record<string, string> = {
  "harness/wait-until.ts": "polls for the condition that every other test waits for",
  "harness/first-day.ts": "polls for an inventory, for the demo too",
  "tests/support/second-sensor/second-sensor.ts": "a program whose pauses are the protocol's intervals",
  "sensor/testing/misbehaving-collector.ts": "a collector that hangs, for the process that ends it",
  "server/db/postgres.test.ts": "the stall of a process",
  "tests/faults/crash-cycles.ts": "the random moment when the server is killed",
  "tests/faults/two-servers.test.ts": "the random moment of a change while requests are sent",
  "tests/faults/updates.test.ts": "the random moment of a power failure while links change",
  "tests/faults/fleet.ts": "the duration of a random fault, and the pause before the next one",
};

const TEST_FILES = SOURCES.filter((file) =>
  /\.test\.tsx?$|^(tests|harness)\/|\/(testing|testdata)\//.test(file),
);
/**
 * A timer that ends a promise is a wait. One that aborts, kills or cuts something is a deadline or a fault.
 */
const WAITS = [
  /\b(Bun\.sleep(Sync)?|waitForTimeout|Atomics\.wait)\(/,
  /((?<![.\w])|globalThis\.)set(Timeout|Interval)\(\s*(\w+\s*,|(async )?\(\) => (void )?\w+\()/,
  /\btimers\/promises\b|\bimport \{[^}]*\bsleep\b|\bsleep +\d/,
];
const waitsOf = (file: string) => WAITS.flatMap((pattern) => linesMatching(file, pattern));

test("no test waits for a fixed time", () => {
  const wrong = TEST_FILES.filter((file) => !(file in EXCEPTIONS) && file !== "tests/rules/waits.test.ts");
  expectNone("wait for a condition with a deadline: harness/wait-until.ts", wrong.flatMap(waitsOf));
});

test("every exception from waiting for conditions is needed", () => {
  const needless = Object.keys(EXCEPTIONS).filter(
    (file) => !TEST_FILES.includes(file) || waitsOf(file).length === 0,
  );
  expectNone("an exception that no file needs lets the next fixed wait in", needless);
});
