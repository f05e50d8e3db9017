import { expect, test } from "bun:test";
import { hashPassword, verifyPassword } from "./password.ts";
import { refuseWeakPassword } from "./password-policy.ts";

test("a password matches in every Unicode composition of its characters", async () => {
  const hash = await hashPassword("caf\u00e9 tractor \u2460 \ufb01nch");
  expect(await verifyPassword({ hash, password: "cafe\u0301 tractor 1 finch" })).toBe(true);
  expect(await verifyPassword({ hash, password: "cafe tractor 1 finch" })).toBe(false);
});

test("a weak password is refused also in full-width characters", async () => {
  const password = "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234";
  await expect(refuseWeakPassword(password, [])).rejects.toThrow("data breaches");
});

const ADA = ["Ada Lovelace", "ada.lovelace@example.com"];

/** The reason for which a password of Ada is refused; undefined: accepted. */
async function refusalOf(password: string): Promise<string | undefined> {
  try {
    await refuseWeakPassword(password, ADA);
  } catch (error) {
    return (error as { fields: Record<string, string> }).fields.password;
  }
}

test("each rule for new passwords has its own reason", async () => {
  const breached = "is in a list of passwords from data breaches; choose another one";
  const own = "must not consist of your name or email";
  const weak = "is too easy to guess; several unrelated words make a better one";
  const short = "must have at least 12 characters";
  const cases: [string, string | undefined][] = [
    ["x7-Qm!2pLw9", short],
    ["🐘🐘🐘🐘🐘🐘", short],
    // zxcvbn alone accepts these two.
    ["stoplookingatmypassword", breached],
    ["STOPlookingATmyPassword", breached],
    ["ada.lovelace@example.com", own],
    ["Lovelace.Ada-2026!", own],
    ["lovelace-ada", own],
    ["aaaaaaaaaaaaaaaa", breached],
    ["Password2026!!", weak],
    ["lovelace violet tractor swims", undefined],
    ["violet tractor swims 42", undefined],
    ["x7-Qm!2pLw9z", undefined],
    ["x".repeat(201), "must have at most 200 characters"],
  ];
  for (const [password, reason] of cases)
    expect([password, await refusalOf(password)]).toEqual([password, reason]);
});
