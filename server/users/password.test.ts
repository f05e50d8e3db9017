import { expect, test } from "bun:test";
import { hashPassword, refuseWeakPassword, verifyPassword } from "./password.ts";

test("a password matches in every Unicode composition of its characters", async () => {
  const hash = await hashPassword("caf\u00e9 tractor \u2460 \ufb01nch");
  expect(await verifyPassword({ hash, password: "cafe\u0301 tractor 1 finch" })).toBe(true);
  expect(await verifyPassword({ hash, password: "cafe tractor 1 finch" })).toBe(false);
});

test("a weak password is refused also in full-width characters", async () => {
  const password = "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234";
  await expect(refuseWeakPassword(password, [])).rejects.toThrow("too easy");
});
