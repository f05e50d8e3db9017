import { expect, test } from "bun:test";
import { hashRecoveryCode, newRecoveryCodes } from "./recovery-codes.ts";
import { findTotpStep, toBase32, totpCode, totpUri } from "./totp.ts";

/** RFC 6238, appendix B: the last six digits of the codes for SHA-1. */
const SECRET = Buffer.from("12345678901234567890");
const VECTORS: [seconds: number, code: string][] = [
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_111_111_111, "050471"],
  [1_234_567_890, "005924"],
  [2_000_000_000, "279037"],
  [20_000_000_000, "353130"],
];

test("the codes are those of RFC 6238", () => {
  for (const [seconds, code] of VECTORS) {
    const step = Math.floor(seconds / 30);
    expect(totpCode(SECRET, step)).toBe(code);
    expect(findTotpStep(SECRET, code, { now: seconds * 1000, lastStep: 0 })).toBe(step);
  }
});

test("the codes of the previous and the next step are accepted, and none that was used or replaced", () => {
  const now = 1_700_000_000_000;
  const step = Math.floor(now / 30_000);
  const find = (code: string, lastStep = 0) => findTotpStep(SECRET, code, { now, lastStep });
  const found = [-2, -1, 0, 1, 2].map((away) => find(totpCode(SECRET, step + away)));
  expect(found).toEqual([undefined, step - 1, step, step + 1, undefined]);
  expect([step - 1, step, step + 1].map((last) => find(totpCode(SECRET, step), last))).toEqual([
    step,
    undefined,
    undefined,
  ]);
  const code = totpCode(SECRET, step);
  expect(find(`${code.slice(0, 3)} ${code.slice(3)}`)).toBe(step);
  for (const wrong of ["", "12345", `${code}0`, "abcdef", "１２３４５６"])
    expect(find(wrong)).toBeUndefined();
});

test("the QR code has the secret in base 32 (RFC 4648)", () => {
  const vectors = { "": "", f: "MY", fo: "MZXQ", foo: "MZXW6", foob: "MZXW6YQ", foobar: "MZXW6YTBOI" };
  for (const [text, coded] of Object.entries(vectors)) expect(toBase32(Buffer.from(text))).toBe(coded);
  expect(totpUri(SECRET, "ada@example.com")).toBe(
    "otpauth://totp/AttackLens%3Aada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=AttackLens",
  );
});

test("recovery codes differ, and are recognized as users type them", () => {
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
  const [code = ""] = codes;
  for (const typed of [code.toUpperCase(), code.replaceAll("-", ""), ` ${code.replaceAll("-", " ")} `])
    expect(hashRecoveryCode(typed)).toBe(hashRecoveryCode(code));
});
