import { expect, test } from "bun:test";
import { Registry } from "prom-client";
import { openRequestMeter } from "./request-meter.ts";

test("requests are counted by route and status, and their durations in buckets", async () => {
  const registry = new Registry();
  const meter = openRequestMeter(registry);
  const checkIn = meter.of("POST", "/sensor/v1/check-in");
  const answer = (status: number, seconds: number) => {
    meter.begin();
    checkIn.end(status, seconds);
  };
  answer(200, 0.001);
  answer(200, 0.004);
  answer(429, 7);
  // The same route again is the same counter.
  meter.begin();
  meter.of("POST", "/sensor/v1/check-in").end(200, 0.5);
  meter.begin();
  const text = await registry.metrics();
  const lines = text.split("\n").filter((line) => !line.startsWith("#") && line !== "");
  const labels = 'method="POST",route="/sensor/v1/check-in"';
  const bucket = (le: string, value: number) =>
    `attacklens_http_request_duration_seconds_bucket{le="${le}",${labels}} ${value}`;
  expect(lines).toEqual([
    `attacklens_http_requests_total{${labels},status="200"} 3`,
    `attacklens_http_requests_total{${labels},status="429"} 1`,
    "attacklens_http_requests_in_flight 1",
    ...[bucket("0.001", 1), bucket("0.005", 2), bucket("0.01", 2), bucket("0.05", 2), bucket("0.1", 2)],
    ...[bucket("0.5", 3), bucket("1", 3), bucket("5", 3), bucket("+Inf", 4)],
    `attacklens_http_request_duration_seconds_sum{${labels}} 7.505`,
    `attacklens_http_request_duration_seconds_count{${labels}} 4`,
  ]);
  expect(text).toContain("# TYPE attacklens_http_request_duration_seconds histogram");
  expect(await registry.metrics()).toBe(text);
});
