import { expect, test } from "bun:test";
import { openLog } from "../log.ts";
import { openRequestLog } from "./request-log.ts";

function openTestLog() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const clock = { ms: 0 };
  const logRequest = openRequestLog(
    openLog("info", { write, flush: (done) => done(), droppedLines: () => 0 }),
    () => clock.ms,
  );
  const request = (method: string, route: string, status: number) =>
    logRequest({ requestId: "1", method, route, status, ms: 1, address: "192.0.2.1" });
  return { lines, clock, request };
}

test("logs all requests of users, but only refused requests of sensors and probes", () => {
  const { lines, request } = openTestLog();
  request("POST", "/sensor/v1/check-in", 200);
  request("GET", "/healthz", 200);
  request("GET", "/readyz", 503);
  request("POST", "/sensor/v1/check-in", 401);
  request("GET", "/api/v1/me", 200);
  expect(lines.map(({ route, status }) => `${route} ${status}`)).toEqual([
    "/readyz 503",
    "/sensor/v1/check-in 401",
    "/api/v1/me 200",
  ]);
});

test("logs a limited number of refusals, and the count of the others", () => {
  const { lines, clock, request } = openTestLog();
  for (let index = 0; index < 1_000; index++) request("POST", "/sensor/v1/enroll", 401);
  expect(lines).toHaveLength(100);
  request("GET", "/api/v1/me", 200);
  expect(lines).toHaveLength(101);
  clock.ms += 10_000;
  request("POST", "/sensor/v1/enroll", 401);
  expect(lines.slice(101)).toEqual([
    expect.objectContaining({ level: "info", refused: 900 }),
    expect.objectContaining({ status: 401 }),
  ]);
});
