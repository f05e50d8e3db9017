import { expect, test } from "bun:test";
import { openWorld } from "../testing/test-world.ts";
import { mayReadMetrics, openMetrics } from "./metrics.ts";

test("without a configured token no request can read metrics, not even a local one", async () => {
  await using world = await openWorld("sqlite");
  for (const host of ["localhost", "127.0.0.1:8080", "[::1]:8080", "lens.example"]) {
    for (const authorization of [undefined, "Bearer ", "Bearer undefined"]) {
      const headers = { host, ...(authorization === undefined ? {} : { authorization }) };
      const reply = await world.fetch("/metrics", { headers }, "127.0.0.1");
      expect([host, reply.status]).toEqual([host, 403]);
      expect(await reply.text()).toContain("ATTACKLENS_METRICS_TOKEN");
    }
  }
});

test("with a configured token, only its bearer can read metrics, from any host", () => {
  const may = (authorization: string) =>
    mayReadMetrics(new Headers({ authorization, host: "lens.example" }), "a token of the operator");
  expect(may("Bearer a token of the operator")).toBe(true);
  expect(may("Bearer another of the same long")).toBe(false);
  expect(may("a token of the operator")).toBe(false);
  expect(may("")).toBe(false);
});

test.each([true, false])(
  "the process is measured if its metrics can be read: %p",
  async (measuresProcess) => {
    const { registry } = openMetrics({ droppedLogLines: () => 0, measuresProcess });
    expect((await registry.metrics()).includes("attacklens_process_cpu_seconds_total ")).toBe(
      measuresProcess,
    );
  },
);

test("dropped log lines are counted", async () => {
  let dropped = 0;
  const { registry } = openMetrics({ droppedLogLines: () => dropped, measuresProcess: false });
  expect(await registry.metrics()).toContain("attacklens_log_lines_dropped_total 0\n");
  dropped = 3;
  expect(await registry.metrics()).toContain("attacklens_log_lines_dropped_total 3\n");
});
