// The signature base against the example of RFC 9421, appendix B.2.6 (Ed25519).
import { expect, test } from "bun:test";
import { createPrivateKey, sign } from "node:crypto";
import { formatContentDigest, formatSignatureParams, signatureBase } from "./signature.ts";

test("the signature base of RFC 9421's Ed25519 example results in the published signature", () => {
  const params =
    '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
  const values = {
    date: "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
  };
  const base = signatureBase(Object.keys(values), values, params);
  const key = createPrivateKey({
    key: {
      kty: "OKP",
      crv: "Ed25519",
      d: "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
      x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
    },
    format: "jwk",
  });
  expect(sign(null, Buffer.from(base), key).toString("base64")).toBe(
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
  );
});

test("writes the signature parameters in a fixed order, with the nonce as a string", () => {
  const params = { components: ["@method", "@path"], created: 1, nonce: 2, keyid: "k" };
  expect(formatSignatureParams(params)).toBe(
    '("@method" "@path");created=1;nonce="2";keyid="k";alg="ed25519"',
  );
  expect(formatContentDigest("AAAA")).toBe("sha-256=:AAAA:");
});

test("rejects a covered component without a value", () => {
  expect(() => signatureBase(["@method", "@path"], { "@method": "GET" }, "()")).toThrow("@path");
});
