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

test("no cell is a formula in its wide or small form, or after characters that are not visible", () => {
  const starts = [..."=+-@＝＋－＠﹦﹢﹣﹫−\t\r\n"];
  const before = ["", " ", "\u00a0", "\u3000", "\ufeff", "\u200b", "\u2066", "\0", " \t"];
  for (const start of starts)
    for (const blank of before) {
      const text = `${blank}${start}SUM(1)`;
      expect(toCsv([[text]]).replace(/^"|"\r\n$|\r\n$/g, "")).toBe(`'${text}`);
    }
  for (const text of ["web-01", "a=b", "1 + 1", "grüße", "'=x", "0", ""])
    expect(toCsv([[text]])).toBe(`${text}\r\n`);
});
