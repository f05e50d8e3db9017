// The test files that take longest in a whole run on two cores, and their seconds. They start first, because
// a core idles at the end of the run while the other one finishes a file that started late.

export const SLOW_FILES: Readonly<Record<string, number>> = {
  "tests/faults/updates.test.ts": 65,
  "tests/faults/packages.test.ts": 60,
  "tests/e2e/re-imaged-hosts.test.ts": 55,
  "tests/faults/installed-service.test.ts": 50,
  "tests/guides/linux.test.ts": 50,
  "tests/e2e/accessibility.test.ts": 45,
  "tests/e2e/transport.test.ts": 40,
  "tests/e2e/sensors.test.ts": 40,
  "tests/faults/fleet.test.ts": 35,
  "tests/faults/golden-image.test.ts": 30,
  "tests/faults/hostile-roots.test.ts": 30,
  "tests/faults/postgres-connections.test.ts": 30,
  "tests/e2e/token-life.test.ts": 30,
  "tests/e2e/updates.test.ts": 30,
  "tests/faults/disasters.test.ts": 25,
  "tests/faults/killed-at-every-write.test.ts": 25,
  "tests/e2e/enrollment-tokens.test.ts": 25,
  "tests/faults/server-away.test.ts": 20,
  "tests/faults/killed-server.test.ts": 20,
  "tests/faults/reproducible-build.test.ts": 15,
  "sensor/commands/rest.test.ts": 30,
};
