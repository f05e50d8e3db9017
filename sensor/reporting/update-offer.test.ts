import { expect, test } from "bun:test";
import { parseUpdateOffer } from "./update-offer.ts";

const parse = (version?: string, attempt?: string) =>
  parseUpdateOffer(
    new Headers({
      ...(version === undefined ? {} : { "Update-Version": version }),
      ...(attempt === undefined ? {} : { "Update-Attempt": attempt }),
    }),
  );

test("an offer has a version, and an attempt that is 1 if it is absent", () => {
  expect(parse("2026.12.0", "3")).toEqual({ version: "2026.12.0", attempt: 3 });
  expect(parse("2026.12.0")).toEqual({ version: "2026.12.0", attempt: 1 });
});

test("headers that are absent or not valid are no offer", () => {
  for (const version of [undefined, "", "2026.12", "v2026.12.0", "../../etc", "2026.12.0-rc1"])
    expect(parse(version, "1")).toBeUndefined();
  for (const attempt of ["0", "-1", "1.5", "x", "9999999"])
    expect(parse("2026.12.0", attempt)).toBeUndefined();
});
