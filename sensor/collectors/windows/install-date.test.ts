import { expect, test } from "bun:test";
import { parseInstallDate } from "./install-date.ts";

test.each([
  ["20240131", "2024-01-31"],
  [" 20240229 ", "2024-02-29"],
  ["20230229", undefined],
  ["20241301", undefined],
  ["31012024", "2024-01-31"],
  ["01022024", undefined],
  ["2024-01-31", "2024-01-31"],
  ["2024/1/5", "2024-01-05"],
  ["2024-01-31T10:00:00", "2024-01-31"],
  ["31.01.2024", "2024-01-31"],
  ["1.2.2024", "2024-02-01"],
  ["1/31/2024", "2024-01-31"],
  ["31/1/2024", "2024-01-31"],
  ["5/5/2024", "2024-05-05"],
  ["1/2/2024", undefined],
  ["13-12-2020", "2020-12-13"],
  ["1706659200", "2024-01-31"],
  ["Wed Jan 31 14:51:25 CET 2024", "2024-01-31"],
  ["Wednesday, January 31, 2024", "2024-01-31"],
  ["31-Jan-2024", "2024-01-31"],
  ["31 Jan 2024 10:00", "2024-01-31"],
  ["", undefined],
  ["0", undefined],
  ["yesterday", undefined],
  ["00000000", undefined],
  ["16010101", undefined],
  ["99991231", undefined],
  [`20240131${" x".repeat(100)}`, undefined],
])("reads the date %p", (text, expected) => {
  expect(parseInstallDate(text)).toBe(expected!);
});
