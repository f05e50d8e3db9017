import { expect, test } from "bun:test";
import { parseHostnames, rolloutCsv } from "./rollout-csv.ts";
import type { RolloutHost } from "./rollout-states.ts";

const missing: Omit<RolloutHost, "hostname"> = {
  ...{ state: "missing", reason: null, sensorId: null, sensorState: null, firstSeenAt: null },
};

test("exports each host with its state, reason, first attempt and sensor", () => {
  const firstSeenAt = "2026-11-24T09:00:00.000Z";
  const sensorId = "sen_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f";
  const csv = rolloutCsv([
    { ...missing, hostname: "web-01", state: "reporting", sensorId, sensorState: "reporting", firstSeenAt },
    { ...missing, hostname: "web-02", state: "arrived", sensorId, sensorState: "pending", firstSeenAt },
    { ...missing, hostname: "web-03", state: "refused", reason: "token-expired", firstSeenAt },
    { ...missing, hostname: "web-04" },
  ]);
  expect(csv.split("\r\n")).toEqual([
    "hostname,state,reason,first_seen,sensor_id",
    `web-01,reporting,,${firstSeenAt},${sensorId}`,
    `web-02,arrived,Waiting for first inventory,${firstSeenAt},${sensorId}`,
    `web-03,refused,Token expired,${firstSeenAt},`,
    "web-04,missing,,,",
    "",
  ]);
});

test("exports a formula as text, and quotes what CSV separates by", () => {
  const names = [
    ..."=+-@".split("").map((sign) => `${sign}cmd|'/c calc'!A1`),
    ...["  =1+1", "\t=1", "\u00a0=1", "＝1+1", "＋1", "－1", "＠x"],
  ];
  const [, ...rows] = rolloutCsv(names.map((hostname) => ({ ...missing, hostname })))
    .trimEnd()
    .split("\r\n");
  expect(rows).toEqual(names.map((name) => `'${name},missing,,,`));
  const quoted = rolloutCsv([{ ...missing, hostname: 'a"b,c' }]);
  expect(quoted).toContain(`\r\n"a""b,c",missing,,,\r\n`);
  const both = rolloutCsv([{ ...missing, hostname: '=HYPERLINK("http://x","y")' }]);
  expect(both).toContain(`\r\n"'=HYPERLINK(""http://x"",""y"")",missing,,,\r\n`);
});

test("parses unique hostnames from lines, commas and a column with a heading", () => {
  expect(parseHostnames('hostname\nWeb-01\r\nweb-02, web-01;"db-01"\t\n')).toEqual([
    "web-01",
    "web-02",
    "db-01",
  ]);
});
