import { expect, test } from "bun:test";
import { openUploadBudget } from "./upload-budget.ts";

const MEBIBYTE = 1024 * 1024;

test("a sensor may upload 64 MiB in an hour, each sensor its own, and again in the next hour", () => {
  let ms = 0;
  const budget = openUploadBudget(() => ms);
  for (let uploads = 0; uploads < 16; uploads++) budget.spend("one", 4 * MEBIBYTE);
  expect(() => budget.spend("one", 1)).toThrow("64 MiB");
  expect(() => budget.spend("two", 4 * MEBIBYTE)).not.toThrow();
  ms += 60 * 60_000 - 1;
  expect(() => budget.spend("one", 1)).toThrow("64 MiB");
  ms += 1;
  expect(() => budget.spend("one", 1)).not.toThrow();
});
