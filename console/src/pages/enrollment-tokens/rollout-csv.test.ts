import { expect, test } from "bun:test";
import { parseHostnames, rolloutCsv } from "./rollout-csv.ts";

test("exports a formula as text", () => {
  const host = {
    state: "missing" as const,
    reason: null,
    sensorId: null,
    sensorState: null,
    firstSeenAt: null,
  };
  const csv = rolloutCsv([
    { ...host, hostname: "web-01" },
    { ...host, hostname: "=cmd|'/c calc'!A1" },
    { ...host, hostname: 'a"b,c' },
  ]);
  expect(csv).toBe(
    `hostname,state,reason\r\nweb-01,missing,\r\n'=cmd|'/c calc'!A1,missing,\r\n"a""b,c",missing,\r\n`,
  );
});

test("parses unique hostnames from lines, commas and a column with a heading", () => {
  expect(parseHostnames('hostname\nWeb-01\r\nweb-02, web-01;"db-01"\t\n')).toEqual([
    "web-01",
    "web-02",
    "db-01",
  ]);
});
