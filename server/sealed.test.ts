import { expect, test } from "bun:test";
import { seal, unseal } from "./sealed.ts";

const content = Buffer.from("a private key");

test("sealed content opens only with the same secret and the same purpose", () => {
  const sealed = seal("secret", "ca", content);
  expect(Buffer.from(unseal("secret", "ca", sealed)).equals(content)).toBe(true);
  expect(() => unseal("another", "ca", sealed)).toThrow();
  expect(() => unseal("secret", "another", sealed)).toThrow();
  const bytes = Buffer.from(sealed, "base64url");
  for (let index = 0; index < bytes.length; index++) {
    const tampered = Buffer.from(bytes);
    tampered[index]! ^= 1;
    expect(() => unseal("secret", "ca", tampered.toString("base64url"))).toThrow();
  }
  expect(seal("secret", "ca", content)).not.toBe(sealed);
});
