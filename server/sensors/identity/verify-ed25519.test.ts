import { expect, test } from "bun:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { countFreeCores, openVerifier } from "./verify-ed25519.ts";

const signedText = (text: string) => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const { x } = publicKey.export({ format: "jwk" }) as { x: string };
  return { text, publicKey: x, signature: sign(null, Buffer.from(text), privateKey) };
};

for (const free of [0, 1, 3]) {
  test(`with ${free} free cores, each of many signatures at once gets its result`, async () => {
    const verify = openVerifier(
      () => free,
      () => 0,
    );
    const signed = Array.from({ length: 200 }, (_, index) => signedText(`text ${index}`));
    const results = signed.map(({ text, publicKey, signature }, index) => {
      const isChanged = index % 3 === 0;
      const shown = index % 2 === 0 ? signature : new Uint8Array(index % 5 === 0 ? 3 : 64);
      return verify(isChanged ? `${text}.` : text, publicKey, shown);
    });
    const expected = signed.map((_, index) => index % 2 === 0 && index % 3 !== 0);
    expect(await Promise.all(results)).toEqual(expected);
    expect(results.some((result) => typeof result !== "boolean")).toBe(free > 0);
    expect(typeof results[0]).toBe("boolean");
  });
}

test("signatures run in this thread if they arrive slowly, or if other threads have enough", async () => {
  const clock = { ms: 0 };
  const verify = openVerifier(
    () => 1,
    () => clock.ms,
  );
  const { text, publicKey, signature } = signedText("text");
  for (; clock.ms < 20; clock.ms += 2) expect(verify(text, publicKey, signature)).toBe(true);
  const results = Array.from({ length: 300 }, () => verify(text, publicKey, signature));
  const elsewhere = results.filter((result) => typeof result !== "boolean").length;
  expect(elsewhere).toBeGreaterThan(0);
  expect(elsewhere).toBeLessThan(150);
  expect(new Set(await Promise.all(results))).toEqual(new Set([true]));
});

test("a key that is no point of the curve makes no signature valid", async () => {
  const verify = openVerifier(
    () => 1,
    () => 0,
  );
  const { text, signature } = signedText("text");
  const publicKey = Buffer.alloc(32, 2).toString("base64url");
  for (let time = 0; time < 3; time++) expect(await verify(text, publicKey, signature)).toBe(false);
});

test("a process has free cores beside those of the server's processes", () => {
  expect(countFreeCores(1_000)).toBe(0);
  if (process.platform === "linux") expect(countFreeCores(0)).toBeGreaterThan(0);
});
