import { expect, test } from "bun:test";
import { openSensorBudget } from "./sensor-budget.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 60 * 60_000;

function open() {
  const clock = { ms: 0 };
  const budget = openSensorBudget(() => clock.ms);
  const spend = (sensorId: string, kind: "upload" | "request", bytes: number) =>
    budget.begin(sensorId, kind, bytes).release();
  return { clock, budget, spend };
}

test("each sensor may upload 64 MiB per hour", () => {
  const { clock, budget, spend } = open();
  for (let uploads = 0; uploads < 16; uploads++) spend("one", "upload", 4 * MIB);
  expect(() => spend("one", "upload", 1)).toThrow("64 MiB");
  expect(() => budget.require("one", "upload", 1)).toThrow("64 MiB");
  expect(() => spend("two", "upload", 4 * MIB)).not.toThrow();
  expect(() => spend("one", "request", 1)).not.toThrow();
  clock.ms += HOUR_MS - 1;
  expect(() => spend("one", "upload", 1)).toThrow("64 MiB");
  clock.ms += 1;
  expect(() => spend("one", "upload", 1)).not.toThrow();
});

test("an upload of a few bytes counts as 4 KiB", () => {
  const { spend } = open();
  for (let uploads = 0; uploads < 16 * 1024; uploads++) spend("one", "upload", 100);
  expect(() => spend("one", "upload", 100)).toThrow("64 MiB");
});

test("a sensor may send 7,200 other requests per hour", () => {
  const { spend } = open();
  for (let requests = 0; requests < 7_200; requests++) spend("one", "request", 64 * 1024);
  expect(() => spend("one", "request", 0)).toThrow("7200");
  expect(() => spend("one", "upload", 100)).not.toThrow();
});

test("a sensor may send one upload and four other requests at a time, also across the end of an hour", () => {
  const { clock, budget } = open();
  const upload = budget.begin("one", "upload", 10);
  const requests = [1, 2, 3, 4].map(() => budget.begin("one", "request", 10));
  clock.ms += HOUR_MS;
  expect(() => budget.begin("one", "upload", 10)).toThrow("1 such request at a time");
  expect(() => budget.begin("one", "request", 10)).toThrow("4 such requests at a time");
  upload.release();
  requests[0]!.release();
  expect(() => budget.begin("one", "upload", 10)).not.toThrow();
  expect(() => budget.begin("one", "request", 10)).not.toThrow();
});
