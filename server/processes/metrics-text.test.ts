import { expect, test } from "bun:test";
import { Counter, Registry } from "prom-client";
import { openMetrics } from "../http/metrics.ts";
import { joinMetrics } from "./metrics-text.ts";

const metricsOf = async (process: number, routes: string[]) => {
  const metrics = openMetrics({ droppedLogLines: () => process, measuresProcess: true, process });
  for (const route of routes) {
    metrics.requests.begin();
    metrics.requests.of("GET", route).end(200, 0.002);
  }
  return await metrics.registry.metrics();
};

test("the metrics of several processes have one header for each metric, directly before all its values", async () => {
  const texts = [await metricsOf(1, ["/a", "/b"]), await metricsOf(2, ["/b"]), await metricsOf(3, [])];
  const joined = joinMetrics(texts);
  const values = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(values(joined).toSorted()).toEqual(texts.flatMap(values).toSorted());
  expect(new Set(values(joined)).size).toBe(values(joined).length);
  const names: string[] = [];
  for (const block of joined.trimEnd().split("\n\n")) {
    const [help, type, ...lines] = block.split("\n");
    const name = /^# HELP (\S+) /.exec(help!)![1]!;
    names.push(name);
    expect(type).toStartWith(`# TYPE ${name} `);
    for (const line of lines) expect(line).toStartWith(name);
  }
  expect(names).toEqual([...new Set(names)]);
  expect(joined).toContain('attacklens_log_lines_dropped_total{process="3"} 3\n');
});

test("the text of one process stays as it is", async () => {
  const registry = new Registry();
  new Counter({ name: "one_total", help: "One", registers: [registry] }).inc();
  const text = await registry.metrics();
  expect(joinMetrics([text])).toBe(text);
});
