import { expect, test } from "bun:test";
import { disabledReason } from "./disabled-reason.ts";

test("a reason does not repeat the label of its action", () => {
  const reason = "Can't re-enroll the sensor: it is blocked. Unblock it first.";
  expect(disabledReason({ allowed: false, reason })).toBe("It is blocked. Unblock it first.");
  const role = {
    allowed: false,
    reason: "Needs the Admin role or a higher one",
    needsRole: "admin",
  } as const;
  expect(disabledReason(role)).toEqual({ notPermitted: "Needs the Admin role or a higher one" });
  expect(disabledReason({ allowed: false })).toBe("Not available now");
  expect(disabledReason({ allowed: true })).toBeUndefined();
});
