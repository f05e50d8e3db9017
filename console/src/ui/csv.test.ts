import { expect, test } from "bun:test";
import { toCsv } from "./csv.ts";

test("cells with separators are quoted, and no cell is a formula", () => {
  expect(
    toCsv([
      ["host", "reason"],
      ["web-01", 'exit "1", then 2'],
      ["=cmd()", " +1"],
      ["a\nb", "-"],
    ]),
  ).toBe('host,reason\r\nweb-01,"exit ""1"", then 2"\r\n\'=cmd(),\' +1\r\n"a\nb",\'-\r\n');
});
