import { expect, test } from "bun:test";
import { instantInput, label } from "./text.ts";

test("a label has at least one visible character", () => {
  for (const text of ["", "  ", "\u200b", "\u3164", "\u2800\u2800", "\u0301", "\u115f\u1160"])
    expect(label.safeParse(text).success).toBe(false);
  for (const text of ["Production", "  生産  ", "Équipe", "🚀", "a\u200bb", "नमस्ते"])
    expect(label.safeParse(text).success).toBe(true);
});

test("an instant must be before the year 2200", () => {
  expect(instantInput.safeParse("2199-12-31T23:59:59Z").success).toBe(true);
  for (const text of ["2200-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00", "2026-02-30T00:00:00Z"])
    expect(instantInput.safeParse(text).success).toBe(false);
});
